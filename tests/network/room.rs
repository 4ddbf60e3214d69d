//! A flow table that is too small for a drain's connections delays the drain and breaks nothing.

use std::{thread, time::Duration};

use xdp_lb_lab::{
    status::Status,
    topology::{self, VIP4},
};

use crate::{
    service::{QUICK, Service},
    world::{ECHO, PATIENCE, Servers, World, addresses},
};

const ENDPOINT: (std::net::Ipv4Addr, u16) = (VIP4, 7);

#[test]
fn slots_wait_for_room_and_connections_stay() {
    let network = topology::routed(3).unwrap();
    let servers = Servers::default().echo(&network);
    let service = Service::new("echo", ENDPOINT).health(QUICK).drain_timeout("2s");
    let services = [service.backends(addresses(&network, VIP4.into(), ECHO))];
    let world = World::with(network, servers, &services, |setup| {
        setup.datapath = "capacity = { flows = 56 }".to_owned();
    });
    let mut open = world.converse(ENDPOINT.into(), 150);
    world.daemon.command(&["backend", "drain", "echo", "web-1"]).unwrap();

    let waiting = |status: &Status| status.service("echo").unwrap().waiting;
    let status = world.daemon.status().unwrap();
    assert!(waiting(&status) > 100 && status.service("echo").unwrap().moving > 50, "{status:?}");
    let text = world.daemon.command(&["status"]).unwrap();
    assert!(text.contains("slots wait to move: the flow table (56 entries) has no room"), "{text}");
    for _ in 0..12 {
        open.go_on("web-1 drains, as far as there is room");
        thread::sleep(Duration::from_millis(500));
    }
    assert!(waiting(&world.daemon.status().unwrap()) > 0, "the connections are still there");

    // The more of them end, the more slots move.
    drop(open);
    let drained = |status: &Status| {
        let service = status.service("echo")?;
        Ok(service.waiting == 0 && service.moving == 0 && status.backend("echo", "web-1")?.slots == 0)
    };
    world.daemon.wait_for("the drain to end", 3 * PATIENCE, drained).unwrap();
}
