//! What must go on: across starts that fail, restarts after growth and after a pause, and reloads that replace everything.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use xdp_lb_lab::Daemon;
use xdp_lb_lab::client::http;
use xdp_lb_lab::topology::{self, VIP4};

use crate::{
    service::{QUICK, Service},
    world::{ECHO, HTTP, PATIENCE, Servers, World, addresses, setup, toml},
};

const WEB: (std::net::Ipv4Addr, u16) = (VIP4, 80);

#[test]
fn a_restart_after_growth_keeps_what_the_maps_hold() {
    let network = topology::routed(1).unwrap();
    let servers = Servers::default().web(&network);
    let all = addresses(&network, VIP4.into(), HTTP);
    // Maps are made for twice as many services, but for 64 at least.
    let services = |count: u16| -> Vec<Service> {
        let one = |at: u16| {
            let address = SocketAddr::new(all[0].ip(), HTTP + at);
            Service::new(&format!("web{at}"), (VIP4, 80 + at)).backend("web-1", address, 1)
        };
        (0..count).map(one).collect()
    };
    let mut world = World::new(network, servers, &services(33));
    assert_eq!(world.get(WEB.into(), "/").unwrap().status, 200);
    world.daemon.configure(|setup| setup.services = toml(&services(40))).unwrap();
    world.daemon.command(&["reload"]).unwrap();
    world.daemon.command(&["backend", "weight", "web0", "web-1", "7"]).unwrap();
    world.daemon.terminate().unwrap();
    world.daemon.start_again().unwrap();
    let status = world.daemon.status().unwrap();
    assert!(!world.daemon.log().contains("cannot be reused"), "{}", world.daemon.log());
    assert_eq!(status.services.len(), 40);
    let web = status.service("web0").unwrap();
    assert_eq!((web.traffic.connections, web.backends[0].weight), (1, 7));
}

#[test]
fn a_start_that_fails_leaves_a_datapath_at_work_as_it_is() {
    let network = topology::routed(1).unwrap();
    let servers = Servers::default().web(&network);
    let all = addresses(&network, VIP4.into(), HTTP);
    let mut world = World::new(network, servers, &[Service::new("web", WEB).backends(all.clone())]);
    world.daemon.terminate().unwrap();
    // Another VIP, and an interface that somebody else's program is on.
    world.balancer().ip(&["link add other type veth peer name other-peer"]).unwrap();
    world.balancer().ip(&["link set other up", "link set other-peer up"]).unwrap();
    let mut theirs = setup(&world.network, &[]);
    theirs.interfaces = vec!["other".to_owned()];
    (theirs.label, theirs.metrics) = ("theirs".to_owned(), "127.0.0.1:9465".to_owned());
    let theirs = Daemon::start(world.balancer(), theirs).unwrap();
    world
        .daemon
        .configure(|setup| {
            setup.interfaces.push("other".to_owned());
            setup.services = toml(&[Service::new("web", (VIP4, 81)).backends(all)]);
        })
        .unwrap();
    let refused = format!("{:#}", world.daemon.start_again().unwrap_err());
    assert!(refused.contains("other already has the XDP program"), "{refused}");
    assert_eq!(world.get(WEB.into(), "/").unwrap().status, 200, "the service of before");
    drop(theirs);
}

#[test]
fn connections_outlive_a_pause_longer_than_their_windows() {
    let network = topology::routed(3).unwrap();
    let servers = Servers::default().echo(&network);
    let all = addresses(&network, VIP4.into(), ECHO);
    let service = |count: usize| {
        Service::new("echo", (VIP4, 7)).health(QUICK).drain_timeout("2s").backends(all[..count].to_vec())
    };
    let mut world = World::new(network, servers, &[service(1)]);
    let mut open = world.converse((VIP4, 7).into(), 60);
    world.daemon.configure(|setup| setup.services = toml(&[service(3)])).unwrap();
    world.daemon.command(&["reload"]).unwrap();
    open.go_on("two thirds of the slots move");
    world.daemon.kill().unwrap();
    for _ in 0..10 {
        thread::sleep(Duration::from_millis(500));
        open.go_on("no daemon runs");
    }
    world.daemon.start_again().unwrap();
    for _ in 0..10 {
        thread::sleep(Duration::from_millis(500));
        open.go_on("a daemon runs again");
    }
}

#[test]
fn a_reload_that_replaces_every_backend_drops_nothing() {
    let network = topology::routed(2).unwrap();
    let servers = Servers::default().web(&network);
    let all = addresses(&network, VIP4.into(), HTTP);
    let service = |at: usize| Service::new("web", WEB).backend(&format!("web-{}", at + 1), all[at], 1);
    let mut world = World::new(network, servers, &[service(0)]);
    let done = AtomicBool::new(false);
    let client = world.network.client.host.clone();
    let count = thread::scope(|scope| {
        let requests = scope.spawn(|| {
            client.enter(|| {
                let mut count = 0;
                while !done.load(Ordering::Relaxed) && count < 100_000 {
                    let page = http::get(WEB.into(), "/", PATIENCE);
                    page.unwrap_or_else(|error| panic!("request {count}: {error}"));
                    count += 1;
                }
                Ok(count)
            })
        });
        for at in [1, 0, 1] {
            world.daemon.configure(|setup| setup.services = toml(&[service(at)])).unwrap();
            world.daemon.command(&["reload"]).unwrap();
            thread::sleep(Duration::from_millis(300));
        }
        done.store(true, Ordering::Relaxed);
        requests.join().unwrap().unwrap()
    });
    let status = world.daemon.status().unwrap();
    assert!(
        count > 3 && status.drops.values().all(|dropped| *dropped == 0),
        "{count} requests, {:?}",
        status.drops
    );
}
