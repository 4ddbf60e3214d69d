//! Who gets new connections, by each algorithm, and that live connections are counted right.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use aya::maps::{Array, Map, MapData};
use xdp_lb_common::{load, map};
use xdp_lb_lab::topology::{self, VIP4};

use crate::{
    echoes::{NAMES, WAYS, Way, endpoint, live, world},
    service::{QUICK, Service},
    world::{Conversations, DNS, ECHO, Servers, World, addresses},
};

/// A service whose backends have the weights 1, 2, 3.
fn weighted(service: Service, addresses: Vec<SocketAddr>) -> Service {
    let numbered = addresses.into_iter().zip(1..);
    numbered.fold(service, |service, (address, number)| {
        service.backend(&format!("web-{number}"), address, number)
    })
}

/// At every moment each server has had its share, to a turn or so.
fn take_turns(names: &[String]) {
    let mut had = BTreeMap::from([("web-1", 0_u32), ("web-2", 0), ("web-3", 0)]);
    for (count, name) in (1_u32..).zip(names) {
        *had.get_mut(name.as_str()).unwrap() += 1;
        for ((name, had), weight) in had.iter().zip([1.0, 2.0, 3.0]) {
            let due = f64::from(count) * weight / 6.0;
            assert!((f64::from(*had) - due).abs() <= 2.0, "{name} has {had} of {count}, due were {due:.1}");
        }
    }
}

#[test]
fn round_robin_is_exact() {
    let network = topology::routed(3).unwrap();
    let [tcp, udp] = [ECHO, DNS].map(|port| addresses(&network, VIP4.into(), port));
    let keys = "algorithm = \"round-robin\"";
    let services = [
        weighted(Service::new("echo", (VIP4, 7)).keys(keys), tcp),
        weighted(Service::new("dns", (VIP4, 53)).udp().keys(keys), udp),
    ];
    let servers = Servers::default().echo(&network).dns(&network);
    let world = World::new(network, servers, &services);
    take_turns(world.converse((VIP4, 7).into(), 120).in_order());
    let asked: Vec<_> = (0..120).map(|_| world.ask((VIP4, 53).into()).unwrap().0).collect();
    take_turns(&asked);
}

fn spread(open: &Conversations) -> [usize; 3] {
    ["web-1", "web-2", "web-3"].map(|name| open.of(name))
}

/// Two of three backends are compared for each connection: the largest and the smallest stay close together.
fn level(open: &Conversations) {
    let spread = spread(open);
    let difference = spread.iter().max().unwrap() - spread.iter().min().unwrap();
    assert!(difference <= 8, "{spread:?}");
}

fn least_connections(way: Way) {
    let world = world(way, 3, |service| service.keys("algorithm = \"least-connections\""));
    for (family, name) in NAMES.into_iter().enumerate() {
        let mut open = world.converse(endpoint(family), 60);
        level(&open);
        live(&world, name, &spread(&open));
        // Those of one backend end: it gets the new ones until it has as many as the others.
        drop(open.take("web-1"));
        live(&world, name, &spread(&open));
        open.append(world.converse(endpoint(family), 90));
        level(&open);
        open.go_on("others have ended");
        live(&world, name, &spread(&open));
        // Clients that were killed.
        open.take("web-2").reset();
        open.take("web-3").reset();
        let status = live(&world, name, &spread(&open));
        assert_eq!(status.service(name).unwrap().live, open.len() as u64);
        drop(open);
        live(&world, name, &[0; 3]);
    }
}

#[test]
fn least_connections_levels_and_counts_with_nat() {
    least_connections(Way::Nat);
}

#[test]
fn least_connections_levels_and_counts_with_dsr() {
    least_connections(Way::Dsr);
}

/// Makes the first backend that has a response time one that takes a second; returns its name.
fn slow_down(world: &World, service: &str) -> String {
    let data = MapData::from_pin(world.daemon.pin().join("maps").join(map::LOADS)).unwrap();
    let mut loads = Array::<_, [u64; load::WORDS]>::try_from(Map::Array(data)).unwrap();
    let status = world.daemon.status().unwrap();
    let backends = &status.service(service).unwrap().backends;
    assert!(backends.iter().all(|backend| backend.response.is_some_and(|time| time < 0.5)), "{status:?}");
    // Of all backends of both services; those of this one are told by the status.
    for index in 1..=6 {
        let mut words = loads.get(&index, 0).unwrap();
        // The response time is the third word (`Load::response`), in microseconds.
        let before = std::mem::replace(&mut words[2], 1_000_000);
        loads.set(index, words, 0).unwrap();
        let status = world.daemon.status().unwrap();
        let slow = status.service(service).unwrap().backends.iter().find(|one| one.response == Some(1.0));
        if let Some(slow) = slow {
            return slow.name.clone();
        }
        words[2] = before;
        loads.set(index, words, 0).unwrap();
    }
    panic!("none of {status:?} is in the map");
}

/// Response times are measured: with nat by the program, with dsr by checks. Whoever is slow is avoided.
#[test]
fn least_response_time_avoids_who_is_slow() {
    // Checks measure at first, and then not again for a while.
    let health = QUICK.replace("200ms", "20s").replace("rise = 2", "rise = 1");
    for way in WAYS {
        let world =
            world(way, 3, |service| service.health(&health).keys("algorithm = \"least-response-time\""));
        for (family, name) in NAMES.into_iter().enumerate() {
            if way == Way::Nat {
                assert_eq!(world.converse(endpoint(family), 40).servers(), 3);
            }
            live(&world, name, &[0; 3]);
            let slow = slow_down(&world, name);
            // One at a time: their number is weighed with the time, which is not short on a busy machine.
            let got: BTreeSet<_> =
                (0..30).flat_map(|_| world.converse(endpoint(family), 1).names()).collect();
            assert!(!got.contains(&slow) && got.len() == 2, "{way:?}: {slow} is slow, {got:?} were chosen");
        }
    }
}
