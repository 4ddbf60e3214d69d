//! Interfaces that vanish and come back under a running daemon.

use xdp_lb_lab::topology::{self, VIP4, VIP6};
use xdp_lb_lab::veth;

use crate::{
    service::{QUICK, Service},
    world::{HTTP, PATIENCE, Servers, World, addresses, xdp},
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
