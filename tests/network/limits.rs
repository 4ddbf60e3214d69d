//! `max_connections`.

use std::net::SocketAddr;
use std::time::Duration;

use xdp_lb_lab::client::{Conversation, Failure};
use xdp_lb_lab::topology::{self, VIP4, VIP6};

use crate::{
    echoes::live,
    service::Service,
    world::{ECHO, Servers, World, addresses},
};

const LIMIT: usize = 5;
const NAMES: [&str; 2] = ["web-1", "web-2"];
/// Long enough for a SYN that is lost for other reasons to be repeated.
const SHORT: Duration = Duration::from_secs(2);

fn try_to_open(world: &World, server: SocketAddr) -> Result<Conversation, Failure> {
    world.network.client.host.enter(|| Ok(Conversation::open(server, SHORT))).unwrap()
}

/// Backends are filled one after the other; who comes when all are full is dropped or refused, as the service says.
#[test]
fn full_backends_get_no_more_connections() {
    let network = topology::routed(2).unwrap();
    let servers = Servers::default().echo(&network);
    let limit = format!("max_connections = {LIMIT}");
    let service = |name, vip: SocketAddr, keys: &str| {
        let service = Service::new(name, vip).keys(keys);
        let all = addresses(&network, vip.ip(), ECHO).into_iter().zip(NAMES);
        all.fold(service, |service, (address, name)| service.backend(name, address, 1).backend_keys(&limit))
    };
    let services = [
        service("dropped", (VIP4, 7).into(), "algorithm = \"round-robin\""),
        service("refused", (VIP6, 7).into(), "no_backend = \"reject\""),
    ];
    let world = World::new(network, servers, &services);
    for (name, vip, told) in
        [("dropped", (VIP4, 7).into(), Failure::Connect), ("refused", (VIP6, 7).into(), Failure::Refused)]
    {
        let mut open = world.converse(vip, 2 * LIMIT);
        assert_eq!(NAMES.map(|name| open.of(name)), [LIMIT; 2]);
        assert_eq!(try_to_open(&world, vip).map(drop), Err(told));
        let status = world.daemon.status().unwrap();
        assert!(status.drops["backends-full"] > 0 && status.service(name).unwrap().dropped > 0, "{status:?}");
        open.go_on("others are turned away");

        // There is room where one has ended.
        let mut one = open.take("web-2");
        let others = one.split_off(1);
        drop(one);
        live(&world, name, &[LIMIT, LIMIT - 1]);
        let fresh = world.converse(vip, 1);
        assert_eq!(fresh.names(), ["web-2"]);
        assert_eq!(try_to_open(&world, vip).map(drop), Err(told));
        drop((others, fresh));
    }
}

/// A quarter of the slots are a full backend's: connections that fall on them find others.
#[test]
fn room_is_found_beside_a_full_backend() {
    let network = topology::routed(2).unwrap();
    let servers = Servers::default().echo(&network);
    let all = addresses(&network, VIP4.into(), ECHO);
    let full =
        Service::new("echo", (VIP4, 7)).backend("web-1", all[0], 1).backend_keys("max_connections = 1");
    let world = World::new(network, servers, &[full.backend("web-2", all[1], 3)]);
    let open = world.converse((VIP4, 7).into(), 100);
    assert_eq!(NAMES.map(|name| open.of(name)), [1, 99]);
}
