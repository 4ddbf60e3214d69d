//! Clients that keep their backend from one connection to the next.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use xdp_lb_lab::client::Conversation;

use crate::{
    echoes::{NAMES, Way, client_addresses, endpoint, world},
    world::{PATIENCE, VIPS, World},
};

const CLIENTS: u8 = 24;

/// The server that each client gets, on all of a few connections one after the other.
fn servers(world: &World, clients: &[IpAddr], server: SocketAddr) -> Vec<String> {
    let open = |client: &IpAddr| {
        let open = || {
            (0..4).map(|_| Conversation::open_from(*client, server, PATIENCE)).collect::<Result<Vec<_>, _>>()
        };
        let names = world.converse_by(open).names();
        assert_eq!(names.len(), 1, "{client} had {names:?}");
        names[0].clone()
    };
    clients.iter().map(open).collect()
}

fn different(names: &[String]) -> usize {
    names.iter().collect::<BTreeSet<_>>().len()
}

fn weigh(world: &World, service: &str, backend: &str, weight: &str) {
    world.daemon.command(&["backend", "weight", service, backend, weight]).unwrap();
}

#[test]
fn clients_keep_their_backends_whatever_others_weigh() {
    let world = world(Way::Nat, 3, |service| service.keys("affinity = \"client-ip\""));
    for (family, name) in NAMES.into_iter().enumerate() {
        let clients = client_addresses(&world, VIPS[family], CLIENTS);
        let at_first = servers(&world, &clients, endpoint(family));
        assert_eq!(different(&at_first), 3, "{at_first:?}");
        weigh(&world, name, "web-1", "50");
        assert_eq!(servers(&world, &clients, endpoint(family)), at_first, "another weighs more");
        // One that takes no new connections lets its clients go; the others keep theirs.
        weigh(&world, name, "web-2", "0");
        let now = servers(&world, &clients, endpoint(family));
        for (now, before) in now.iter().zip(&at_first) {
            assert!(now != "web-2" && (now == before || before == "web-2"), "{before} became {now}");
        }
        // Clients remember who they have now.
        weigh(&world, name, "web-2", "9");
        assert_eq!(servers(&world, &clients, endpoint(family)), now, "it takes connections again");
    }
}

#[test]
fn silence_ends_affinity() {
    let keys = "affinity = \"client-ip\"\naffinity_timeout = \"2s\"\nalgorithm = \"round-robin\"";
    let world = world(Way::Dsr, 2, |service| service.keys(keys));
    for (family, vip) in VIPS.into_iter().enumerate() {
        let clients = client_addresses(&world, vip, 1);
        let get = || servers(&world, &clients, endpoint(family));
        let first = get();
        // The other's turn comes with the next connection of a client that is not remembered.
        let start = Instant::now();
        while get() == first {
            assert!(start.elapsed() < PATIENCE, "a silent client is remembered");
            thread::sleep(Duration::from_secs(4));
        }
        assert_ne!(get(), first);
    }
}
