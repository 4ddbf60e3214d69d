//! `xdp-lb detach`: the way back, whether a daemon runs or not.

use std::fs;
use std::process::Command;

use xdp_lb_lab::client::Failure;
use xdp_lb_lab::topology::{self, VIP4};

use crate::{
    service::Service,
    world::{HTTP, Servers, World, addresses, xdp},
};

fn world() -> World {
    let network = topology::routed(1).unwrap();
    let web = Service::new("web", (VIP4, 80)).backends(addresses(&network, VIP4.into(), HTTP));
    let servers = Servers::default().web(&network);
    // Without the balancer the address is nobody's, and said to be so at once.
    network.balancer.host.ip(&["route add unreachable 192.0.2.0/24"]).unwrap();
    let world = World::new(network, servers, &[web]);
    assert_eq!(world.get((VIP4, 80).into(), "/").unwrap().status, 200);
    world
}

/// No program on any interface, nothing pinned, and the kernel has its packets back.
fn nothing_left(world: &World) {
    for device in &world.network.interfaces {
        assert_eq!(xdp(world.balancer(), device), None, "{device} still has a program");
    }
    assert!(!fs::exists(world.daemon.pin()).unwrap(), "{} is left", world.daemon.pin().display());
    assert_eq!(world.get((VIP4, 80).into(), "/").unwrap_err(), Failure::Unreachable);
}

#[test]
fn under_a_running_daemon_which_then_ends() {
    let mut world = world();
    let said = world.daemon.detach().unwrap();
    let pin = world.daemon.pin();
    assert!(said.contains(&format!("detached from be1, cl; unpinned {}", pin.display())), "{said}");
    assert!(said.contains("the daemon that ran on it ends by itself"), "{said}");
    let status = world.daemon.end().unwrap();
    assert!(status.success(), "{status}");
    assert!(world.daemon.log().contains("the datapath was taken away"), "{}", world.daemon.log());
    nothing_left(&world);
    assert!(!world.daemon.socket().exists());

    // From nothing again, and by the pin alone.
    world.daemon.start_again().unwrap();
    assert_eq!(world.get((VIP4, 80).into(), "/").unwrap().status, 200);
    world.daemon.kill().unwrap();
    let mut command = Command::new(world.daemon.binary());
    world.balancer().run(command.args(["detach", "--pin"]).arg(&pin)).unwrap();
    nothing_left(&world);
}

#[test]
fn after_a_daemon_that_has_ended() {
    let mut world = world();
    world.daemon.terminate().unwrap();
    assert_eq!(world.get((VIP4, 80).into(), "/").unwrap().status, 200);
    let said = world.daemon.detach().unwrap();
    assert!(said.contains("detached from be1, cl") && !said.contains("ends by itself"), "{said}");
    nothing_left(&world);
    let said = world.daemon.detach().unwrap();
    assert_eq!(said, format!("nothing is pinned in {}\n", world.daemon.pin().display()));
}

/// A configuration that is no longer right, or whose interfaces are gone, is no obstacle.
#[test]
fn with_a_configuration_that_is_wrong() {
    let mut world = world();
    world.daemon.kill().unwrap();
    world.daemon.configure(|setup| setup.services = "[[service]]\nname = 7\n".to_owned()).unwrap();
    world.balancer().ip(&["link del be1"]).unwrap();
    world.daemon.detach().unwrap();
    assert_eq!(xdp(world.balancer(), "cl"), None);
    assert!(!fs::exists(world.daemon.pin()).unwrap());
}
