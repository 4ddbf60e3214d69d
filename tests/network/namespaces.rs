//! One pin folder, two network namespaces.

use xdp_lb_lab::topology::{self, VIP4};

use crate::{
    service::Service,
    world::{HTTP, Servers, World, addresses, setup},
};

/// The second daemon, of another namespace, does not unpin the first one's links, whether that runs or not.
#[test]
fn another_namespaces_links_are_left_alone() {
    let network = topology::routed(1).unwrap();
    let web = Service::new("web", (VIP4, 80)).backends(addresses(&network, VIP4.into(), HTTP));
    let servers = Servers::default().web(&network);
    let mut world = World::new(network, servers, &[web]);
    let mut second = setup(&world.network, &[]);
    (second.label, second.pin) = ("second".to_owned(), Some(world.daemon.pin()));
    second.interfaces = vec!["eth0".to_owned()];
    world.daemon.kill().unwrap();
    let client = &world.network.client.host;
    let log = second.refused(client).unwrap();
    let pin = world.daemon.pin();
    let wanted = format!("{} is pinned by a daemon of another network namespace", pin.display());
    assert!(log.contains(&wanted), "{log}");
    assert!(log.contains(&format!("`xdp-lb detach --pin {}`", pin.display())), "{log}");
    assert_eq!(world.get((VIP4, 80).into(), "/").unwrap().status, 200);
    world.daemon.start_again().unwrap();
    assert_eq!(world.get((VIP4, 80).into(), "/").unwrap().status, 200);

    // What is on no interface any more is nobody's.
    world.daemon.kill().unwrap();
    world.balancer().ip(&["link del cl", "link del be1"]).unwrap();
    xdp_lb_lab::veth(client, "eth5", world.balancer(), "free").unwrap();
    second.interfaces = vec!["eth5".to_owned()];
    drop(xdp_lb_lab::Daemon::start(client, second).unwrap());
}
