//! The kernel's forwarding switches, on which replies depend.

use xdp_lb_lab::topology::{self, VIP4, VIP6};

use crate::{
    service::Service,
    world::{HTTP, PATIENCE, Servers, World, addresses},
};

#[test]
fn a_switch_that_is_off_is_named() {
    let network = topology::routed(1).unwrap();
    let web4 = Service::new("web4", (VIP4, 80)).backends(addresses(&network, VIP4.into(), HTTP));
    let web6 = Service::new("web6", (VIP6, 80)).backends(addresses(&network, VIP6.into(), HTTP));
    let servers = Servers::default().web(&network);
    let mut world = World::new(network, servers, &[web4.clone(), web6]);
    assert!(world.daemon.status().unwrap().warnings.is_empty());
    for (family, get) in [("ipv4", (VIP4, 80).into()), ("ipv6", (VIP6, 80).into())] {
        let switch = format!("{family}/conf/be1/forwarding");
        world.balancer().sysctl(&switch, "0").unwrap();
        let warned = world.daemon.wait_for("the warning", PATIENCE, |status| Ok(!status.warnings.is_empty()));
        let warnings = warned.unwrap().warnings;
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        let command = format!("sysctl -w net.{family}.conf.be1.forwarding=1");
        assert!(warnings[0].contains(&command), "{warnings:?}");
        assert!(world.daemon.command(&["status"]).unwrap().contains(&command));

        world.balancer().sysctl(&switch, "1").unwrap();
        world.daemon.wait_for("the end of it", PATIENCE, |status| Ok(status.warnings.is_empty())).unwrap();
        assert_eq!(world.get(get, "/").unwrap().status, 200);
    }
    // It matters to the families that are served only, and is said at the start too.
    world.balancer().sysctl("ipv4/conf/cl/forwarding", "0").unwrap();
    world.balancer().sysctl("ipv6/conf/cl/forwarding", "0").unwrap();
    world.daemon.terminate().unwrap();
    world.daemon.configure(|setup| setup.services = web4.to_string()).unwrap();
    world.daemon.start_again().unwrap();
    let warnings = world.daemon.status().unwrap().warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("net.ipv4.conf.cl.forwarding is 0"), "{warnings:?}");
    assert!(world.daemon.log().contains("net.ipv4.conf.cl.forwarding is 0"));
}
