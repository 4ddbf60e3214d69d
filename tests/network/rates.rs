//! Connections and rates, as operators see them.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use xdp_lb_lab::client::http;
use xdp_lb_lab::status::{Rates, Service as Shown, Status, Traffic};
use xdp_lb_lab::topology::{self, VIP4};

use crate::{
    service::Service,
    world::{ECHO, HTTP, PATIENCE, Servers, World, addresses},
};

const WEB: &str = "web";

fn world() -> World {
    let network = topology::routed(2).unwrap();
    let web = Service::new(WEB, (VIP4, 80)).backends(addresses(&network, VIP4.into(), HTTP));
    let servers = Servers::default().web(&network);
    World::new(network, servers, &[web])
}

fn shown(world: &World, what: &str, mut wanted: impl FnMut(&Shown) -> bool) -> Status {
    world.daemon.wait_for(what, PATIENCE, |status| Ok(wanted(status.service(WEB)?))).unwrap()
}

/// Opens and closes connections, one after another, until told to stop; no longer than anybody waits for anything.
fn load(world: &World, server: SocketAddr, stop: &AtomicBool) -> u64 {
    let ask = || {
        let (begin, mut count) = (Instant::now(), 0);
        while begin.elapsed() < 2 * PATIENCE && !stop.load(Ordering::Relaxed) {
            let page = http::get(server, "/", PATIENCE);
            page.unwrap_or_else(|error| panic!("request {count}: {error}"));
            count += 1;
        }
        Ok(count)
    };
    world.network.client.host.enter(ask).unwrap()
}

#[test]
fn connections_and_packets_add_up() {
    let world = world();
    world.spread((VIP4, 80).into(), 40);
    let status = world.daemon.status().unwrap();
    let web = status.service(WEB).unwrap();
    assert_eq!(web.traffic.connections, 40);
    let sum =
        |of: fn(&Traffic) -> u64| -> u64 { web.backends.iter().map(|backend| of(&backend.traffic)).sum() };
    assert_eq!(sum(|traffic| traffic.connections), 40);
    assert_eq!(sum(|traffic| traffic.packets), web.traffic.packets);
    let text = world.daemon.command(&["status"]).unwrap();
    assert!(text.contains("so far 40 connections"), "{text}");
}

#[test]
fn rates_are_seen_while_there_is_load_and_fall_to_zero() {
    let world = world();
    let stop = AtomicBool::new(false);
    let requests = thread::scope(|scope| {
        let load = scope.spawn(|| load(&world, (VIP4, 80).into(), &stop));
        let is_loaded = |web: &Shown| {
            // Not known at first; then of a time in part of which there was no load yet.
            web.rates.is_some_and(|rates| rates.connections > 1.0 && rates.closed > 1.0)
                && web.backends.iter().all(|backend| backend.rates.is_some_and(|rates| rates.packets > 0.0))
        };
        let status = shown(&world, "rates under load", is_loaded);
        stop.store(true, Ordering::Relaxed);
        let rates = status.service(WEB).unwrap().rates.unwrap();
        // A request is a connection, of several packets of more than an Ethernet header each.
        assert!(rates.packets >= 3.0 * rates.connections, "{rates:?}");
        assert!(rates.bytes >= 54.0 * rates.packets, "{rates:?}");
        load.join().unwrap()
    });
    let calm = shown(&world, "rates of zero", |web| web.rates.is_some_and(|rates| rates == Rates::default()));
    assert_eq!(calm.service(WEB).unwrap().traffic.connections, requests);
    let text = world.daemon.command(&["status"]).unwrap();
    assert!(text.contains("   0 new/s, 0 packets/s, 0 B/s; so far"), "{text}");
}

/// The connections of before are no part of the new daemon's rates.
#[test]
fn a_start_shows_no_rates_rather_than_wrong_ones() {
    let mut world = world();
    world.spread((VIP4, 80).into(), 20);
    assert!(world.daemon.terminate().unwrap().success());
    world.daemon.start_again().unwrap();
    let mut rates = None;
    let status = shown(&world, "rates", |web| {
        rates = web.rates;
        rates.is_some()
    });
    assert_eq!(rates.unwrap(), Rates::default());
    assert_eq!(status.service(WEB).unwrap().traffic.connections, 20);
}

/// Whoever closes first, a connection ends once; one that lasts has not ended.
#[test]
fn connections_that_end_are_counted_once() {
    let network = topology::routed(2).unwrap();
    let service =
        |name, port, to| Service::new(name, (VIP4, port)).backends(addresses(&network, VIP4.into(), to));
    let services = [service(WEB, 80, HTTP), service("echo", 7, ECHO)];
    let servers = Servers::default().web(&network).echo(&network);
    let world = World::new(network, servers, &services);
    let closed = |name: &str, count: u64| {
        let what = format!("{count} connections of {name} to have ended");
        let status = world
            .daemon
            .wait_for(&what, PATIENCE, |status| Ok(status.service(name)?.traffic.closed >= count));
        let status = status.unwrap();
        let shown = status.service(name).unwrap();
        let sum: u64 = shown.backends.iter().map(|backend| backend.traffic.closed).sum();
        assert_eq!((shown.traffic.closed, sum), (count, count), "{name}");
        shown.traffic.connections
    };
    // The server closes first.
    world.spread((VIP4, 80).into(), 30);
    assert_eq!(closed(WEB, 30), 30);
    // The client does.
    let echo = (VIP4, 7).into();
    let _lasting = world.converse(echo, 8);
    drop(world.converse(echo, 20));
    assert_eq!(closed("echo", 20), 28);
}
