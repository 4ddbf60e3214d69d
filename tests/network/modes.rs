//! `attach = "auto"`: native if every interface can, and otherwise all generic.

use xdp_lb_lab::topology::{self, Network, VIP4, VIP6};

use crate::{
    service::{QUICK, Service},
    world::{HTTP, Servers, World, addresses, xdp},
};

/// The kernel's number for generic mode.
const GENERIC: u64 = 2;

/// The second backend's network is behind a bridge, which has neither native XDP nor can be redirected to natively.
fn bridged() -> Network {
    let network = topology::routed(2).unwrap();
    let commands = [
        "link add br0 type bridge",
        "link set be2 master br0",
        "addr flush dev be2",
        "link set br0 up",
        "addr add 10.50.2.1/24 dev br0",
        "addr add fd50:0:0:2::1/64 dev br0 nodad",
    ];
    network.balancer.host.ip(&commands).unwrap();
    network
}

fn world(network: Network, interfaces: &[&str]) -> World {
    let web4 = Service::new("web4", (VIP4, 80)).health(QUICK);
    let web4 = web4.backends(addresses(&network, VIP4.into(), HTTP));
    let web6 = Service::new("web6", (VIP6, 80)).health(QUICK);
    let web6 = web6.backends(addresses(&network, VIP6.into(), HTTP));
    let servers = Servers::default().web(&network);
    World::with(network, servers, &[web4, web6], |setup| {
        "auto".clone_into(&mut setup.attach);
        setup.interfaces = interfaces.iter().map(|&name| name.to_owned()).collect();
    })
}

/// All interfaces run the program generically, say so, and traffic flows over all of them.
fn all_generic(world: &World, reason: &str) {
    world.settled();
    for interface in world.daemon.status().unwrap().interfaces {
        assert_eq!(interface.mode.as_deref(), Some("generic"), "{}", interface.name);
        let mode = xdp(world.balancer(), &interface.name).map(|(_, mode)| mode);
        assert_eq!(mode, Some(GENERIC), "{}", interface.name);
    }
    for vip in [(VIP4, 80).into(), (VIP6, 80).into()] {
        assert_eq!(world.spread(vip, 40).len(), 2);
    }
    let log = world.daemon.log();
    let warning = log.lines().find(|line| line.contains("the driver cannot run the program")).unwrap();
    assert!(warning.contains(reason), "{warning}");
}

#[test]
fn one_interface_that_cannot_makes_all_generic() {
    let mut world = world(bridged(), &["cl", "be1", "br0"]);
    all_generic(&world, "br0");
    // So it stays under the next daemon, which takes over without a gap.
    world.daemon.terminate().unwrap();
    world.daemon.start_again().unwrap();
    all_generic(&world, "br0");
    assert!(!world.daemon.log().contains("is not ours"), "{}", world.daemon.log());
}

#[test]
fn one_that_comes_by_a_reload_changes_the_others_over() {
    let network = bridged();
    let mut world = world(network, &["cl", "be1"]);
    assert_eq!(xdp(world.balancer(), "cl").map(|(_, mode)| mode), Some(1));
    world.daemon.configure(|setup| setup.interfaces.push("br0".to_owned())).unwrap();
    world.daemon.command(&["reload"]).unwrap();
    all_generic(&world, "br0");
}
