//! Health checks: a dead backend gets nothing, and everybody is told why.

use std::time::Duration;

use xdp_lb_lab::client::{Failure, http};
use xdp_lb_lab::status::Status;
use xdp_lb_lab::topology::{self, VIP4, VIP6};

use crate::{
    service::{QUICK, Service},
    world::{HTTP, PATIENCE, Servers, World, addresses},
};

fn world() -> World {
    let network = topology::routed(2).unwrap();
    let (v4, v6) = (addresses(&network, VIP4.into(), HTTP), addresses(&network, VIP6.into(), HTTP));
    let web4 = Service::new("web4", (VIP4, 80)).health(QUICK).backends(v4);
    let web6 = Service::new("web6", (VIP6, 80)).health(QUICK).backends(v6);
    let servers = Servers::default().web(&network);
    World::new(network, servers, &[web4, web6])
}

/// Waits until `wanted` holds of both services.
fn both(world: &World, what: &str, wanted: impl Fn(&Status, &str) -> bool) -> Status {
    let wanted = |status: &Status| Ok(["web4", "web6"].iter().all(|service| wanted(status, service)));
    world.daemon.wait_for(what, PATIENCE, wanted).unwrap()
}

#[test]
fn slots_leave_a_dead_backend_and_come_back() {
    let mut world = world();
    let even = world.daemon.status().unwrap();

    world.servers.nginx[0].kill().unwrap();
    let status = both(&world, "web-1 to be down", |status, service| {
        !status.backend(service, "web-1").unwrap().is_up()
    });
    for service in ["web4", "web6"] {
        let (dead, live) =
            (status.backend(service, "web-1").unwrap(), status.backend(service, "web-2").unwrap());
        assert!(dead.reason.ends_with("connection refused (2 in a row)"), "{}", dead.reason);
        assert_eq!((dead.slots, live.slots), (0, status.service(service).unwrap().slots));
    }
    for vip in [(VIP4, 80).into(), (VIP6, 80).into()] {
        assert_eq!(world.spread(vip, 50).into_keys().collect::<Vec<_>>(), ["web-2"]);
    }

    world.servers.nginx[0].restart().unwrap();
    let status =
        both(&world, "web-1 to be up", |status, service| status.backend(service, "web-1").unwrap().is_up());
    for service in ["web4", "web6"] {
        let back = status.backend(service, "web-1").unwrap();
        assert!(back.reason.ends_with("connected (2 in a row)"), "{}", back.reason);
        assert_eq!(back.slots, even.backend(service, "web-1").unwrap().slots, "the table is as before");
        assert!(status.warnings.is_empty(), "{:?}", status.warnings);
    }
    assert_eq!(world.spread((VIP4, 80).into(), 50).len(), 2);
}

#[test]
fn packets_of_a_service_without_backends_are_dropped_and_counted() {
    let mut world = world();
    for nginx in &mut world.servers.nginx {
        nginx.kill().unwrap();
    }
    let status = both(&world, "all to be down", |status, service| {
        status.service(service).unwrap().backends.iter().all(|backend| !backend.is_up() && backend.slots == 0)
    });
    for service in ["web4", "web6"] {
        let warning = format!("service {service} has no usable backend: its packets are dropped");
        assert!(status.warnings.contains(&warning), "{:?}", status.warnings);
    }
    let get = |vip| {
        let limit = Duration::from_millis(300);
        world.network.client.host.enter(|| Ok(http::get(vip, "/", limit))).unwrap().unwrap_err()
    };
    assert_eq!([get((VIP4, 80).into()), get((VIP6, 80).into())], [Failure::Connect; 2]);
    let after = world.daemon.status().unwrap();
    let dropped = |service| after.service(service).unwrap().dropped;
    assert!(dropped("web4") > 0 && dropped("web6") > 0);
    assert_eq!(after.drops["no-backend"], dropped("web4") + dropped("web6"));

    for nginx in &mut world.servers.nginx {
        nginx.restart().unwrap();
    }
    world.daemon.all_up().unwrap();
    assert_eq!(world.get((VIP4, 80).into(), "/").unwrap().status, 200);
    assert!(world.daemon.status().unwrap().warnings.is_empty());
}

/// Frames for the backend vanish: its address is still known for a while, but nobody answers.
#[test]
fn a_silent_backend_is_down_by_timeout_then_by_its_neighbour() {
    let world = world();
    // No answer to anything, ARP included, while the link stays up.
    let silent = &world.network.backends[0].host;
    silent.ip(&["addr flush dev eth0", "link set eth0 arp off"]).unwrap();
    let status = world
        .daemon
        .wait_for("web-1 to time out", PATIENCE, |status| Ok(!status.backend("web4", "web-1")?.is_up()))
        .unwrap();
    let reason = &status.backend("web4", "web-1").unwrap().reason;
    assert!(reason.contains("no answer within 1s") || reason.contains("no route to host"), "{reason}");
    assert_eq!(world.spread((VIP4, 80).into(), 30).into_keys().collect::<Vec<_>>(), ["web-2"]);
    let status = world
        .daemon
        .wait_for("the neighbour to be given up", Duration::from_mins(1), |status| {
            Ok(!status.backend("web4", "web-1")?.reachable)
        })
        .unwrap();
    let next_hop = &status.backend("web4", "web-1").unwrap().next_hop;
    assert_eq!(next_hop, "no neighbour entry for 10.50.1.2 on be1 (ARP unanswered)");
}

#[test]
fn a_cut_cable_is_told() {
    let world = world();
    world.network.backends[0].host.ip(&["link set eth0 down"]).unwrap();
    let status = both(&world, "web-1 to be unreachable", |status, service| {
        let backend = status.backend(service, "web-1").unwrap();
        !backend.reachable && backend.slots == 0
    });
    assert_eq!(status.backend("web4", "web-1").unwrap().next_hop, "be1 has no carrier");
    for vip in [(VIP4, 80).into(), (VIP6, 80).into()] {
        assert_eq!(world.spread(vip, 30).into_keys().collect::<Vec<_>>(), ["web-2"]);
    }
}

/// What this host lacks says nothing about its backends.
#[test]
fn without_descriptors_backends_stay_as_they_are() {
    let world = world();
    let pid = world.daemon.status().unwrap().pid.to_string();
    let limit = |files: &str| {
        let mut command = std::process::Command::new("prlimit");
        world.balancer().run(command.args(["--pid", &pid, &format!("--nofile={files}:")])).unwrap();
    };
    // Far below what is open: nothing more can be.
    limit("8");
    std::thread::sleep(Duration::from_secs(2));
    limit("1024");
    let status = world.daemon.all_up().unwrap();
    let log = world.daemon.log();
    assert!(!log.contains("backend is down") && log.contains("Too many open files"), "{log}");
    assert!(status.warnings.is_empty(), "{:?}", status.warnings);
}
