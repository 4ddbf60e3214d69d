//! A status with something of everything, for tests.

use jiff::Timestamp;

use super::*;

/// The moment at which [`status`] was taken.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() - seconds).unwrap()
}

/// A backend that is up and has 40 of 100 slots.
fn backend(name: &str, last: u8) -> Backend {
    Backend {
        name: name.to_owned(),
        address: format!("10.0.0.{last}:8080"),
        weight: 1,
        configured_weight: 1,
        slots: 40,
        share: 0.4,
        health: Health { state: State::Up, reason: "connected".to_owned(), since: ago(90) },
        next_hop: NextHop { usable: true, detail: "02:00:00:00:00:01 on eth0".to_owned() },
        live: 3,
        pending: 1,
        response_seconds: Some(0.0015),
        traffic: Traffic { packets: 10, bytes: 1500, connections: 2, closed: 1, ..Traffic::default() },
        rates: Some(Rates {
            connections_per_second: 0.5,
            closed_per_second: 0.25,
            packets_per_second: 12.5,
            bytes_per_second: 1500.0,
        }),
        ..Backend::default()
    }
}

fn backends() -> Vec<Backend> {
    let fine = backend("web-1", 1);
    let drains = Backend {
        admin: Admin::Drain,
        weight: 5,
        giving_up: 30,
        lingering: 4,
        slots: 0,
        share: 0.0,
        ..backend("web-2", 2)
    };
    let reason = "connection refused (3 in a row)".to_owned();
    let health = Health { state: State::Down, reason, since: ago(3_700) };
    let down = Backend { health, slots: 0, share: 0.0, ..backend("web-3", 3) };
    let next_hop = NextHop { usable: false, detail: "eth0 has no carrier".to_owned() };
    let lost = Backend { next_hop, slots: 0, share: 0.0, ..backend("web-4", 4) };
    let health = Health { state: State::Unknown, reason: "not checked yet".to_owned(), since: ago(5) };
    let new = Backend {
        added: true,
        backup: true,
        slow_start: Some(0.4),
        health,
        slots: 60,
        share: 0.6,
        live: 0,
        response_seconds: None,
        rates: None,
        ..backend("web-5", 5)
    };
    // The name is one that another has by now.
    let leaving =
        Backend { leaving: true, slots: 0, share: 0.0, giving_up: 7, lingering: 3, ..backend("web-1", 6) };
    let out = Backend { admin: Admin::Maint, slots: 0, share: 0.0, ..backend("web-7", 7) };
    vec![fine, drains, down, lost, new, leaving, out]
}

/// The status. Its service is not tracked.
pub(crate) fn status() -> Status {
    let backends = backends();
    let service = Service {
        name: "web".to_owned(),
        vip: "192.0.2.10:80".to_owned(),
        protocol: "tcp".to_owned(),
        forwarding: "nat".to_owned(),
        algorithm: "maglev".to_owned(),
        slots: 100,
        moving: 37,
        waiting: 9,
        traffic: Traffic { packets: 70, bytes: 10_500, connections: 14, closed: 7, ..Traffic::default() },
        rates: Rates::sum(backends.iter().map(|backend| backend.rates)),
        dropped_packets: 2,
        rejected_packets: 1,
        unnoted_flows: 4,
        backends,
        ..Service::default()
    };
    let eth0 = Interface { name: "eth0".to_owned(), mode: Some("native".to_owned()), problem: None };
    let eth1 = Interface { name: "eth1".to_owned(), mode: None, problem: Some("it is gone".to_owned()) };
    let drops =
        DroppedPackets { reason: "no-backend".to_owned(), description: "No backend.".to_owned(), packets: 2 };
    let file = "/etc/xdp-lb/config.toml".to_owned();
    Status {
        version: "0.1.0".to_owned(),
        pid: 7,
        started: ago(90_000),
        config: Config { file, loaded: ago(61), revision: 2, refused: None },
        interfaces: vec![eth0, eth1],
        services: vec![service],
        drops: vec![drops],
        warnings: vec!["IPv4 forwarding is off".to_owned()],
    }
}
