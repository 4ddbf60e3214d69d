//! Reloads that are accepted: services, backends and weights come and go, and what stays is left alone.

use std::net::SocketAddr;

use xdp_lb_lab::client::{Failure, http};
use xdp_lb_lab::status::Status;
use xdp_lb_lab::topology::{self, VIP4, VIP6};

use crate::{
    service::{QUICK, Service},
    world::{ECHO, HTTP, PATIENCE, Servers, World, addresses, freed, toml, xdp},
};

const WEB: (std::net::Ipv4Addr, u16) = (VIP4, 80);

/// A web service on the first `count` backends, with these weights.
fn web(all: &[SocketAddr], weights: &[u16]) -> Service {
    let weighted = all.iter().zip(weights).zip(1..);
    weighted.fold(Service::new("web", WEB).health(QUICK), |service, ((address, weight), number)| {
        service.backend(&format!("web-{number}"), *address, *weight)
    })
}

#[test]
fn backends_services_and_weights_change_while_connections_go_on() {
    let network = topology::routed(3).unwrap();
    let all = addresses(&network, VIP4.into(), HTTP);
    let echo = Service::new("echo", (VIP6, 7)).backends(addresses(&network, VIP6.into(), ECHO));
    let servers = Servers::default().web(&network).echo(&network);
    let mut world = World::new(network, servers, &[web(&all, &[1, 1]), echo.clone()]);
    let mut open = world.converse((VIP6, 7).into(), 20);
    assert_eq!(open.servers(), 3);
    assert_eq!(world.spread(WEB.into(), 60).len(), 2);
    let before = world.daemon.status().unwrap();

    // By the command, which returns when it is done.
    let reload = |world: &mut World, services: &[Service]| {
        world.daemon.configure(|setup| setup.services = toml(services)).unwrap();
        assert_eq!(world.daemon.command(&["reload"]).unwrap(), "reloaded\n");
        world.settled()
    };
    let status = reload(&mut world, &[web(&all, &[1, 1, 1]), echo.clone()]);
    assert_eq!(status.revision, before.revision + 1);
    assert_eq!(world.spread(WEB.into(), 60).len(), 3, "a backend was added");
    let counted = world.daemon.status().unwrap().service("web").unwrap().traffic.connections;
    assert_eq!(counted, 120);
    open.go_on("after the reload of another service");

    let status = reload(&mut world, &[web(&all, &[0, 1, 3]), echo.clone()]);
    let shares: Vec<_> =
        status.service("web").unwrap().backends.iter().map(|backend| backend.share).collect();
    assert!(shares[0] == 0.0 && (shares[2] / shares[1] - 3.0).abs() < 0.06, "{shares:?}");
    assert_eq!(world.spread(WEB.into(), 60).into_keys().collect::<Vec<_>>(), ["web-2", "web-3"]);

    // A backend goes, and what it had counted stays in the service's total.
    let status = reload(&mut world, &[web(&all[..2], &[0, 1]), echo.clone()]);
    assert_eq!(status.service("web").unwrap().traffic.connections, 180);
    assert_eq!(world.spread(WEB.into(), 60).into_keys().collect::<Vec<_>>(), ["web-2"]);

    // By the signal. A service comes, under a name and address of its own.
    let more = Service::new("more", (VIP4, 81)).backends([all[2]]);
    let services = toml(&[web(&all, &[1, 1]), echo.clone(), more]);
    world.daemon.reload(&services).unwrap();
    world.daemon.wait_for("the new service", PATIENCE, |status| Ok(status.services.len() == 3)).unwrap();
    world.settled();
    assert_eq!(world.spread((VIP4, 81).into(), 10)["web-3"], 10);
    open.go_on("after a service was added");

    world.daemon.reload(&toml(&[echo])).unwrap();
    world.daemon.wait_for("two services to go", PATIENCE, |status| Ok(status.services.len() == 1)).unwrap();
    // What is no service is the kernel's, which routes the address nowhere.
    let refused = world.network.client.host.enter(|| Ok(http::get(WEB.into(), "/", PATIENCE))).unwrap();
    assert!(matches!(refused, Err(Failure::Unreachable | Failure::Connect)), "{refused:?}");
    open.go_on("after the other services are gone");
    assert_eq!(world.daemon.status().unwrap().pid, before.pid, "one daemon did all this");
}

/// `dsr` and `nat` are changed over without leaving the replies' endpoints behind.
#[test]
fn a_service_may_take_another_address_port_and_protocol() {
    let network = topology::routed(2).unwrap();
    let all = addresses(&network, VIP4.into(), HTTP);
    let servers = Servers::default().web(&network).dns(&network);
    let mut world = World::new(network, servers, &[web(&all, &[1, 1])]);
    world.spread(WEB.into(), 20);
    let moved = Service::new("web", (VIP4, 8000)).health(QUICK).backends(all);
    world.daemon.reload(&moved.to_string()).unwrap();
    let connections = |status: &Status| status.service("web").unwrap().traffic.connections;
    world.daemon.wait_for("the move", PATIENCE, |status| Ok(connections(status) == 0)).unwrap();
    world.settled();
    assert_eq!(world.spread((VIP4, 8000).into(), 20).len(), 2);
    assert_eq!(connections(&world.daemon.status().unwrap()), 20, "a new address is a new service");

    let dns = addresses(&world.network, VIP4.into(), crate::world::DNS);
    world.daemon.reload(&Service::new("dns", (VIP4, 8000)).udp().backends(dns).to_string()).unwrap();
    world.daemon.wait_for("UDP", PATIENCE, |status| Ok(status.service("dns").is_ok())).unwrap();
    world.settled();
    world.ask((VIP4, 8000).into()).unwrap();
}

#[test]
fn interfaces_come_and_go_by_reload() {
    let network = topology::routed(2).unwrap();
    let all = addresses(&network, VIP4.into(), HTTP);
    let servers = Servers::default().web(&network);
    let some = vec!["cl".to_owned(), "be1".to_owned()];
    let services = [web(&all[..1], &[1])];
    let mut world = World::with(network, servers, &services, |setup| setup.interfaces.clone_from(&some));
    assert_eq!(xdp(world.balancer(), "be2"), None);

    // A backend behind an interface that is not ours is no use, and that is said.
    world.daemon.configure(|setup| setup.services = web(&all, &[1, 1]).to_string()).unwrap();
    world.daemon.command(&["reload"]).unwrap();
    let status = world
        .daemon
        .wait_for("web-2 to be looked at", PATIENCE, |status| {
            Ok(status.backend("web", "web-2")?.next_hop.contains("be2"))
        })
        .unwrap();
    let backend = status.backend("web", "web-2").unwrap();
    let why = "it is reached by be2, which is not one of [datapath] interfaces or not attached";
    assert_eq!((backend.reachable, backend.next_hop.as_str(), backend.slots), (false, why, 0));
    assert_eq!(world.spread(WEB.into(), 30).len(), 1);

    let everything = world.network.interfaces.clone();
    world.daemon.configure(|setup| setup.interfaces = everything).unwrap();
    world.daemon.command(&["reload"]).unwrap();
    assert_eq!(xdp(world.balancer(), "be2").map(|(_, mode)| mode), Some(1));
    world
        .daemon
        .wait_for("web-2 to get slots", PATIENCE, |status| Ok(status.backend("web", "web-2")?.slots > 0))
        .unwrap();
    assert_eq!(world.spread(WEB.into(), 60).len(), 2);

    world
        .daemon
        .configure(|setup| {
            setup.interfaces = some;
            setup.services = web(&all[..1], &[1]).to_string();
        })
        .unwrap();
    world.daemon.command(&["reload"]).unwrap();
    freed(world.balancer(), "be2");
    assert!(!world.daemon.pin().join("link/be2").exists());
    assert!(xdp(world.balancer(), "be1").is_some() && xdp(world.balancer(), "cl").is_some());
    assert_eq!(world.spread(WEB.into(), 30).len(), 1);
}
