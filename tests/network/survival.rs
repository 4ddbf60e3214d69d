//! Losing the daemon never loses traffic: it may end, be killed, start again and reload under open connections.

use std::net::SocketAddr;

use xdp_lb_lab::status::{Status, Traffic};
use xdp_lb_lab::topology::{self, VIP4, VIP6};

use crate::{
    service::{QUICK, Service},
    world::{ECHO, HTTP, PATIENCE, Servers, VIPS, World, addresses, toml, xdp},
};

fn services(network: &topology::Network) -> Vec<Service> {
    let mut services = Vec::new();
    for (vip, family) in VIPS.into_iter().zip(["4", "6"]) {
        let echo = Service::new(&format!("echo{family}"), (vip, 7)).health(QUICK);
        services.push(echo.backends(addresses(network, vip, ECHO)));
        let web = Service::new(&format!("web{family}"), (vip, 80));
        services.push(web.backends(addresses(network, vip, HTTP)));
    }
    services
}

fn world() -> World {
    let network = topology::routed(3).unwrap();
    let servers = Servers::default().echo(&network).web(&network);
    let services = services(&network);
    World::new(network, servers, &services)
}

fn traffic(status: &Status) -> Vec<Traffic> {
    ["echo4", "echo6"].iter().map(|name| status.service(name).unwrap().traffic).collect()
}

/// Every counter of `after` is at least what it was.
fn continues(before: &Status, after: &Status) {
    for (before, after) in traffic(before).into_iter().zip(traffic(after)) {
        assert_eq!(before.connections, after.connections);
        assert!(before.packets <= after.packets && before.bytes <= after.bytes, "{before:?} → {after:?}");
        assert!(before.reply_packets <= after.reply_packets && before.reply_bytes <= after.reply_bytes);
    }
}

#[test]
fn connections_outlive_the_daemon_and_its_reloads() {
    let mut world = world();
    let endpoints: [SocketAddr; 2] = [(VIP4, 7).into(), (VIP6, 7).into()];
    let mut open = endpoints.map(|endpoint| world.converse(endpoint, 20));
    let mut go_on = |when: &str| open.iter_mut().for_each(|conversations| conversations.go_on(when));
    let before = world.daemon.status().unwrap();
    let programs = |world: &World| ["cl", "be1", "be3"].map(|device| xdp(world.balancer(), device).unwrap());
    let program = programs(&world);
    // The tables stay as they are, or connections would be elsewhere.
    let shares = |status: &Status| -> Vec<u64> {
        let services = status.services.iter();
        services.flat_map(|service| service.backends.iter().map(|backend| backend.slots)).collect()
    };

    let status = world.daemon.terminate().unwrap();
    assert!(status.success(), "{status}: {}", world.daemon.log());
    assert!(!world.daemon.socket().exists());
    assert_eq!(programs(&world), program, "the program stays");
    go_on("after SIGTERM");
    assert_eq!(world.spread((VIP4, 80).into(), 60).len(), 3);
    assert_eq!(world.spread((VIP6, 80).into(), 60).len(), 3);

    world.daemon.start_again().unwrap();
    go_on("after a restart");
    let after = world.daemon.all_up().unwrap();
    continues(&before, &after);
    assert_eq!(after.service("web4").unwrap().traffic.connections, 60, "counted while no daemon ran");
    assert_eq!(shares(&before), shares(&after));
    let taken_over = programs(&world);
    assert!(
        program.iter().zip(&taken_over).all(|(old, new)| old.0 != new.0),
        "the new daemon's program runs"
    );
    assert!(world.daemon.log().contains("state of the running datapath taken over"));

    world.daemon.kill().unwrap();
    go_on("after SIGKILL");
    assert_eq!(world.spread((VIP4, 80).into(), 30).len(), 3);
    world.daemon.start_again().unwrap();
    go_on("after a restart after SIGKILL");
    continues(&after, &world.daemon.status().unwrap());

    let more = Service::new("more", (VIP4, 81)).backends(addresses(&world.network, VIP4.into(), HTTP + 1));
    let mut wanted = services(&world.network);
    wanted.insert(0, more);
    world.daemon.reload(&toml(&wanted)).unwrap();
    world.daemon.wait_for("the reload", PATIENCE, |status| Ok(status.services.len() == 5)).unwrap();
    go_on("after the reload of another service");
    world.daemon.reload(&toml(&services(&world.network))).unwrap();
    world.daemon.wait_for("the reload", PATIENCE, |status| Ok(status.services.len() == 4)).unwrap();
    go_on("after a service has gone");
    let end = world.daemon.status().unwrap();
    continues(&after, &end);
    assert!(end.drops.values().all(|&packets| packets == 0), "{:?}", end.drops);
}

/// A backend that dies while no daemon runs is found out by the next one, health included.
#[test]
fn what_changed_while_no_daemon_ran_is_found() {
    let mut world = world();
    world.daemon.kill().unwrap();
    world.servers.tcp.remove(0);
    world.daemon.start_again().unwrap();
    let status = world
        .daemon
        .wait_for("web-1 to be down", PATIENCE, |status| Ok(!status.backend("echo4", "web-1")?.is_up()))
        .unwrap();
    assert!(status.backend("echo4", "web-2").unwrap().is_up());
    let mut open = world.converse((VIP4, 7).into(), 20);
    open.go_on("without web-1");
    assert_eq!(open.servers(), 2);

    // And a backend that is down stays down across a restart, until its checks say otherwise.
    world.daemon.terminate().unwrap();
    world.daemon.start_again().unwrap();
    let status = world.daemon.status().unwrap();
    let backend = status.backend("echo4", "web-1").unwrap();
    assert_eq!((backend.is_up(), backend.slots), (false, 0), "{}", backend.reason);
}

/// Native and generic exclude each other: the old program has to leave first, and the kernel takes its time for that.
#[test]
fn a_restart_may_change_the_mode() {
    let mut world = world();
    let mut open = world.converse((VIP6, 7).into(), 10);
    for (attach, mode) in [("generic", 2), ("native", 1), ("auto", 1), ("generic", 2), ("auto", 2)] {
        world.daemon.terminate().unwrap();
        world.daemon.configure(|setup| attach.clone_into(&mut setup.attach)).unwrap();
        world.daemon.start_again().unwrap();
        for device in &world.network.interfaces {
            assert_eq!(xdp(world.balancer(), device).map(|(_, mode)| mode), Some(mode), "{device}: {attach}");
        }
        open.go_on(attach);
        assert_eq!(world.spread((VIP4, 80).into(), 60).len(), 3, "{attach}");
    }
}
