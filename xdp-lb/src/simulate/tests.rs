//! Whole simulations, small ones.

use std::time::Duration;

use super::*;
use crate::config;

/// Backends of the service.
const BACKENDS: u32 = 40;

/// A service with `keys` and some backends, under some traffic.
fn scenario(keys: &str, entries: u32, interval: Duration) -> Scenario {
    let backend = |n| format!("[[service.backend]]\naddress = \"10.0.1.{n}:80\"\nweight = 10\n");
    let head = "[datapath]\ninterfaces = [\"eth0\"]\n[[service]]\nname = \"web\"\nvip = \"192.0.2.1:80\"\n";
    let text = format!("{head}{keys}\n{}", (1..=BACKENDS).map(backend).collect::<Vec<_>>().concat());
    let services = config::parse("test", &text, &AnyHost).unwrap().config.services;
    let lifetime = Duration::from_secs(40);
    let traffic =
        Traffic { connections: 20_000, lifetimes: Lifetimes::Exponential, lifetime, interval, jitter: 0.5 };
    Scenario::new(&services, traffic, entries, Duration::from_mins(3), 1)
}

fn churn(keys: &str, entries: u32, interval: Duration) -> Report {
    let mut scenario = scenario(keys, entries, interval);
    scenario.add_churn(20.0);
    run(&scenario, |_| {})
}

const INTERVAL: Duration = Duration::from_secs(8);

#[test]
fn nothing_breaks_while_backends_come_and_go() {
    let report = churn("drain_timeout = \"20s\"", 20_000, INTERVAL);
    let [ours, lru, maglev] = report.outcomes.try_into().unwrap();
    assert_eq!((ours.broken, ours.waiting), (0, 0), "{ours:?}");
    assert!(maglev.broken > 1000 && lru.broken > 100 && lru.broken < maglev.broken, "{lru:?} {maglev:?}");
    assert_eq!((ours.opened, ours.refused), (maglev.opened, 0));
    assert_eq!(ours.moved, report.unavoidable);
    assert!(ours.off < 1.0 && ours.peak < ours.entries / 4 && ours.looked_up < ours.packets / 5, "{ours:?}");
}

#[test]
fn a_table_that_is_too_small_delays_moves_and_breaks_nothing() {
    let udp = "drain_timeout = \"20s\"\nprotocol = \"udp\"\n[service.health]\ntype = \"none\"\n";
    for keys in ["drain_timeout = \"20s\"", udp] {
        for entries in [8, 100, 1000] {
            let report = churn(keys, entries, INTERVAL);
            let ours = &report.outcomes[0];
            assert_eq!(ours.broken, 0, "{keys}: {ours:?}");
            assert!(ours.waiting > 0 && ours.moved > 0, "{keys}: {ours:?}");
        }
    }
}

#[test]
fn what_breaks_is_explained() {
    let ours = churn("drain_timeout = \"5s\"", 10_000, INTERVAL).outcomes.remove(0);
    let silent = ours.causes.get("it was silent for longer than drain_timeout while its slot moved");
    assert_eq!((silent, ours.broken > 0), (Some(&ours.broken), true), "{ours:?}");
}

#[test]
fn events_of_a_file_are_carried_out() {
    let mut scenario = scenario("", 10_000, INTERVAL);
    let lines: Vec<_> = (1..=BACKENDS).map(|n| format!("10s drain web 10.0.1.{n}:80\n")).collect();
    let all = lines.concat();
    scenario
        .add_script("events", &format!("{all}1h down web 10.0.1.1:80\n20s down web 10.0.1.2:80\n"))
        .unwrap();
    let report = run(&scenario, |_| {});
    let [ours, _, maglev] = report.outcomes.try_into().unwrap();
    assert_eq!(report.changes, BACKENDS as usize + 1, "what comes after the end does not count");
    assert!(ours.broken == 0 && ours.lost > 100 && ours.refused > 1000, "{ours:?}");
    assert_eq!(maglev.causes.keys().copied().collect::<Vec<_>>(), ["there was no backend"]);
}

#[test]
fn the_same_seed_is_the_same_simulation() {
    let report = || serde_json::to_string(&churn("", 300, INTERVAL)).unwrap();
    assert_eq!(report(), report());
}
