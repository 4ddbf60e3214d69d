//! What the daemon and the way back may do, and what they may not.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use xdp_lb_lab::topology::{self, Network, VIP4};

use crate::{
    service::{QUICK, Service},
    world::{HTTP, Servers, World, addresses, setup},
};

fn web(network: &Network) -> Service {
    Service::new("web", (VIP4, 80)).backends(addresses(network, VIP4.into(), HTTP)).health(QUICK)
}

/// The capabilities that the daemon asks for are enough, once bpffs is mounted.
#[test]
fn three_capabilities_are_enough() {
    let network = topology::routed(1).unwrap();
    let services = [web(&network)];
    let servers = Servers::default().web(&network);
    let script = network.balancer.host.directory().join("confined");
    let real = setup(&network, &services).binary;
    let capabilities = "-all,+bpf,+perfmon,+net_admin";
    let text = format!(
        "#!/bin/sh\nexec setpriv --bounding-set={capabilities} --inh-caps={capabilities} {} \"$@\"\n",
        real.display()
    );
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let mut world = World::with(network, servers, &services, |setup| setup.binary.clone_from(&script));
    assert_eq!(world.get((VIP4, 80).into(), "/").unwrap().status, 200);
    let metrics = world.daemon.status().unwrap();
    assert!(metrics.service("web").unwrap().traffic.packets > 0);
    world.daemon.terminate().unwrap();
    world.daemon.start_again().unwrap();
    world.daemon.command(&["reload"]).unwrap();
    assert_eq!(world.get((VIP4, 80).into(), "/").unwrap().status, 200);

    // Whose a program is cannot be found out then, but that there is one can.
    world.daemon.terminate().unwrap();
    let mut second = world.daemon.setup().clone();
    second.label = "second".to_owned();
    let log = second.refused(world.balancer()).unwrap();
    assert!(log.contains("cl already has the XDP program with id "), "{log}");
}

/// Who may not look into the folder is not told that nothing is there.
#[test]
fn detach_without_permission_says_so() {
    let network = topology::routed(1).unwrap();
    let services = [web(&network)];
    let servers = Servers::default().web(&network);
    let world = World::new(network, servers, &services);
    let binary = world.network.balancer.host.directory().join("xdp-lb");
    fs::copy(world.daemon.binary(), &binary).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&binary);
    let error = world.balancer().run(command.args(["detach", "--pin"]).arg(world.daemon.pin())).unwrap_err();
    let error = format!("{error:#}");
    let wanted = format!("cannot look for {}", world.daemon.pin().display());
    assert!(error.contains(&wanted) && error.contains("Permission denied"), "{error}");
    assert_eq!(world.get((VIP4, 80).into(), "/").unwrap().status, 200);
}
