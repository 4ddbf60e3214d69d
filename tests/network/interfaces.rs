//! Interfaces that vanish and come back under a running daemon.

use xdp_lb_lab::topology::{self, VIP4, VIP6};
use xdp_lb_lab::veth;

use crate::{
    service::{QUICK, Service},
    world::{HTTP, PATIENCE, Servers, World, addresses, freed, xdp},
};

fn world() -> World {
    let network = topology::routed(2).unwrap();
    let web4 = Service::new("web4", (VIP4, 80)).health(QUICK);
    let web4 = web4.backends(addresses(&network, VIP4.into(), HTTP));
    let web6 = Service::new("web6", (VIP6, 80)).health(QUICK);
    let web6 = web6.backends(addresses(&network, VIP6.into(), HTTP));
    let servers = Servers::default().web(&network);
    World::new(network, servers, &[web4, web6])
}

/// Waits until the status says of `device` that it is there, or not.
fn there(world: &World, device: &str, wanted: bool) -> xdp_lb_lab::status::Status {
    let (gone, there) = (format!("{device} to be missed"), format!("{device} to be attached"));
    let found = world.daemon.wait_for(if wanted { &there } else { &gone }, PATIENCE, |status| {
        let interface = status.interfaces.iter().find(|interface| interface.name == device).unwrap();
        Ok(interface.mode.is_some() == wanted && interface.problem.is_none() == wanted)
    });
    found.unwrap()
}

#[test]
fn a_backends_interface_vanishes_and_comes_back() {
    let world = world();
    let (balancer, backend) = (world.balancer(), &world.network.backends[0].host);
    balancer.ip(&["link del be1"]).unwrap();
    let status = there(&world, "be1", false);
    assert!(
        status.warnings.contains(&"be1 has no program: the interface is gone".to_owned()),
        "{:?}",
        status.warnings
    );
    world
        .daemon
        .wait_for("web-1 to lose its slots", PATIENCE, |status| {
            Ok(status.backend("web4", "web-1")?.slots == 0 && status.backend("web6", "web-1")?.slots == 0)
        })
        .unwrap();
    assert_eq!(world.spread((VIP4, 80).into(), 30).into_keys().collect::<Vec<_>>(), ["web-2"]);
    assert_eq!(world.spread((VIP6, 80).into(), 30).into_keys().collect::<Vec<_>>(), ["web-2"]);

    veth(balancer, "be1", backend, "eth0").unwrap();
    balancer.ip(&["addr add 10.50.1.1/24 dev be1", "addr add fd50:0:0:1::1/64 dev be1 nodad"]).unwrap();
    backend
        .ip(&[
            "addr add 10.50.1.2/24 dev eth0",
            "addr add fd50:0:0:1::2/64 dev eth0 nodad",
            "route add default via 10.50.1.1",
            "route add ::/0 via fd50:0:0:1::1",
        ])
        .unwrap();
    there(&world, "be1", true);
    assert_eq!(xdp(balancer, "be1").map(|(_, mode)| mode), Some(1));
    world
        .daemon
        .wait_for("both backends to be used", PATIENCE, |status| {
            let used = |service| -> anyhow::Result<bool> {
                Ok(status
                    .service(service)?
                    .backends
                    .iter()
                    .all(|backend| backend.is_up() && backend.slots > 0))
            };
            Ok(used("web4")? && used("web6")?)
        })
        .unwrap();
    for vip in [(VIP4, 80).into(), (VIP6, 80).into()] {
        assert_eq!(world.spread(vip, 40).len(), 2);
    }
    assert!(world.daemon.status().unwrap().warnings.is_empty());
}

#[test]
fn the_clients_interface_vanishes_and_comes_back() {
    let mut world = world();
    assert_eq!(world.spread((VIP4, 80).into(), 40).len(), 2);
    world.balancer().ip(&["link del cl"]).unwrap();
    there(&world, "cl", false);
    let (balancer, client) = (world.balancer(), &world.network.client.host);
    veth(balancer, "cl", client, "eth0").unwrap();
    balancer.ip(&["addr add 10.50.0.1/24 dev cl", "addr add fd50::1/64 dev cl nodad"]).unwrap();
    client
        .ip(&[
            "addr add 10.50.0.2/24 dev eth0",
            "addr add fd50::2/64 dev eth0 nodad",
            "route add default via 10.50.0.1",
            "route add ::/0 via fd50::1",
        ])
        .unwrap();
    there(&world, "cl", true);
    for vip in [(VIP4, 80).into(), (VIP6, 80).into()] {
        assert_eq!(world.spread(vip, 40).len(), 2);
    }
    // What was pinned for the old one is no obstacle to the next daemon.
    world.daemon.kill().unwrap();
    world.daemon.start_again().unwrap();
    assert_eq!(world.spread((VIP4, 80).into(), 40).len(), 2);
    // And one that is gone for good is taken out by a reload.
    world.balancer().ip(&["link del be2"]).unwrap();
    there(&world, "be2", false);
    world.daemon.configure(|setup| setup.interfaces.retain(|device| device != "be2")).unwrap();
    world.daemon.command(&["reload"]).unwrap();
    let status = world.daemon.status().unwrap();
    assert_eq!(status.interfaces.len(), 2);
    assert!(!status.warnings.iter().any(|warning| warning.contains("be2 has no program")), "{status:?}");
    assert!(!world.daemon.pin().join("link/be2").exists());
}

/// An interface's link is found under its new name, also if another has its old one now.
#[test]
fn renamed_interfaces_are_taken_over() {
    let mut world = world();
    world.daemon.kill().unwrap();
    let before = xdp(world.balancer(), "cl").unwrap();
    world.balancer().ip(&["link set cl down", "link set cl name lan0", "link set lan0 up"]).unwrap();
    world.balancer().ip(&["link set be1 down", "link set be2 down"]).unwrap();
    world.balancer().ip(&["link set be1 name x", "link set be2 name be1", "link set x name be2"]).unwrap();
    world.balancer().ip(&["link set be1 up", "link set be2 up"]).unwrap();
    assert_eq!(xdp(world.balancer(), "lan0"), Some(before));
    let names = ["lan0", "be1", "be2"];
    world.daemon.configure(|setup| setup.interfaces = names.map(str::to_owned).to_vec()).unwrap();
    world.daemon.start_again().unwrap();
    let log = world.daemon.log();
    assert_eq!(log.matches("took over: the program was replaced without a gap").count(), 3, "{log}");
    assert!(!world.daemon.pin().join("link/cl").exists());
    let programs = names.map(|name| xdp(world.balancer(), name).unwrap().0);
    assert!(programs.iter().all(|&id| id == programs[0] && id != before.0), "{programs:?}");
    world.daemon.all_up().unwrap();
    assert_eq!(world.spread((VIP4, 80).into(), 40).len(), 2);
    world.daemon.detach().unwrap();
    for name in names {
        freed(world.balancer(), name);
    }
}

/// Nobody is told when a link is removed; the daemon looks.
#[test]
fn a_program_that_is_taken_off_is_put_back() {
    let world = world();
    std::fs::remove_file(world.daemon.pin().join("link/be1")).unwrap();
    xdp_lb_lab::wait::until("the program to be back on be1", PATIENCE, || {
        let back = world.daemon.log().contains("somebody took the program off the interface");
        Ok((back && xdp(world.balancer(), "be1").is_some()).then_some(()))
    })
    .unwrap();
    world.settled();
    there(&world, "be1", true);
    for vip in [(VIP4, 80).into(), (VIP6, 80).into()] {
        assert_eq!(world.spread(vip, 40).len(), 2);
    }
}
