//! Services whose flows are all noted, while they are drained, restarted and reconfigured.

use std::thread;
use std::time::{Duration, Instant};

use xdp_lb_lab::status::Status;

use crate::{
    echoes::{NAMES, Way, endpoint, live, services, world},
    world::{Conversations, PATIENCE, World},
};

const LEAST: &str = "algorithm = \"least-connections\"";
const TURNS: &str = "algorithm = \"round-robin\"";

fn open_all(world: &World, count: usize) -> Vec<Conversations> {
    (0..NAMES.len()).map(|family| world.converse(endpoint(family), count)).collect()
}

fn go_on(open: &mut [Conversations], when: &str) {
    for open in open {
        open.go_on(when);
    }
}

/// What is counted is what is open.
fn counted(world: &World, open: &[Conversations]) {
    for (name, open) in NAMES.into_iter().zip(open) {
        live(world, name, &["web-1", "web-2", "web-3"].map(|server| open.of(server)));
    }
}

#[test]
fn a_drain_lasts_as_long_as_connections_do() {
    let world = world(Way::Nat, 3, |service| service.keys(LEAST));
    for (family, name) in NAMES.into_iter().enumerate() {
        let mut open = world.converse(endpoint(family), 30);
        let drain = ["backend", "drain", name, "web-1", "--wait"];
        thread::scope(|scope| {
            let drained = scope.spawn(|| world.daemon.command(&drain).unwrap());
            let drains = |status: &Status| Ok(status.backend(name, "web-1")?.admin == "drain");
            world.daemon.wait_for("the drain to begin", PATIENCE, drains).unwrap();
            assert_eq!(world.converse(endpoint(family), 20).names(), ["web-2", "web-3"]);
            // Longer than `drain_timeout`, and silent: they are open all the same.
            thread::sleep(Duration::from_secs(3));
            assert!(!drained.is_finished(), "connections are left");
            open.go_on("web-1 drains");
            drop(open.take("web-1"));
            assert_eq!(drained.join().unwrap(), "drained\n");
        });
        open.go_on("web-1 has drained");
    }
}

/// The program goes on noting and counting while no daemon runs, and the next one believes it.
fn outlives(way: Way, keys: &str) {
    let mut world = world(way, 3, |service| service.keys(keys));
    let mut open = open_all(&world, 45);
    counted(&world, &open);
    world.daemon.kill().unwrap();
    go_on(&mut open, "no daemon runs");
    for open in &mut open {
        drop(open.take("web-3"));
    }
    for (open, fresh) in open.iter_mut().zip(open_all(&world, 15)) {
        open.append(fresh);
    }
    world.daemon.start_again().unwrap();
    go_on(&mut open, "a daemon took over");
    counted(&world, &open);
    for (open, fresh) in open.iter_mut().zip(open_all(&world, 15)) {
        drop(open.take("web-2"));
        open.append(fresh);
    }
    go_on(&mut open, "a daemon has taken over");
    counted(&world, &open);
    open.clear();
    counted(&world, &[Conversations::default(), Conversations::default()]);
}

#[test]
fn least_connections_outlives_its_daemon() {
    outlives(Way::Nat, LEAST);
}

#[test]
fn round_robin_outlives_its_daemon() {
    outlives(Way::Dsr, TURNS);
}

fn talk(open: &mut [Conversations], when: &str, duration: Duration) {
    let start = Instant::now();
    while start.elapsed() < duration {
        go_on(open, when);
        thread::sleep(Duration::from_millis(200));
    }
}

fn tracked(status: &Status) -> bool {
    status.services.iter().all(|service| service.tracked)
}

fn change_algorithm(way: Way) {
    let mut world = world(way, 3, |service| service);
    let mut open = open_all(&world, 60);
    assert!(!tracked(&world.daemon.status().unwrap()));

    let least = services(&world.network, way, |service| service.keys(LEAST));
    world.reload(&least);
    talk(&mut open, "connections are learnt", Duration::from_secs(4));
    assert!(world.daemon.log().contains("the algorithm chooses from now on"), "{}", world.daemon.log());
    counted(&world, &open);
    // The algorithm chooses: who has none is given most of the next ones.
    for (open, fresh) in open.iter_mut().zip(open_all(&world, 60)) {
        drop(open.take("web-1"));
        open.append(fresh);
    }
    go_on(&mut open, "the algorithm chooses");
    counted(&world, &open);

    let maglev = services(&world.network, way, |service| service);
    world.reload(&maglev);
    go_on(&mut open, "slots decide again");
    for (open, fresh) in open.iter_mut().zip(open_all(&world, 30)) {
        open.append(fresh);
    }
    // Where they are is not where their slots say: silent for longer than `drain_timeout`, they are known all the same.
    thread::sleep(Duration::from_secs(5));
    go_on(&mut open, "slots decide again, after a silence");
    assert!(tracked(&world.daemon.status().unwrap()), "some are not where their slots say");
    open.clear();
    world.daemon.wait_for("notes to end", 2 * PATIENCE, |status| Ok(!tracked(status))).unwrap();
}

#[test]
fn the_algorithm_changes_under_open_connections_with_nat() {
    change_algorithm(Way::Nat);
}

#[test]
fn the_algorithm_changes_under_open_connections_with_dsr() {
    change_algorithm(Way::Dsr);
}
