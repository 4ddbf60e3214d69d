//! TCP echos for both families by either way of forwarding: what tests of noted flows start from.

use std::net::{IpAddr, SocketAddr};

use xdp_lb_lab::status::Status;
use xdp_lb_lab::topology::{self, Network};

use crate::{
    service::{QUICK, Service},
    world::{ECHO, PATIENCE, Servers, VIPS, World, addresses},
};

/// How packets are forwarded, which decides whether replies are seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Nat,
    Dsr,
}

pub(crate) const WAYS: [Way; 2] = [Way::Nat, Way::Dsr];

/// The services' names.
pub(crate) const NAMES: [&str; 2] = ["echo4", "echo6"];

/// The services, with what `change` adds to each.
pub(crate) fn services(network: &Network, way: Way, change: impl Fn(Service) -> Service) -> [Service; 2] {
    [0, 1].map(|family| {
        let service = Service::new(NAMES[family], endpoint(family)).health(QUICK).drain_timeout("2s");
        let service = if way == Way::Dsr { service.dsr() } else { service };
        change(service.backends(addresses(network, VIPS[family], ECHO)))
    })
}

/// A daemon with them, and servers on so many backends.
pub(crate) fn world(way: Way, backends: usize, change: impl Fn(Service) -> Service) -> World {
    let network = match way {
        Way::Nat => topology::routed(backends),
        Way::Dsr => topology::segment(backends),
    };
    let network = network.unwrap();
    let servers = Servers::default().echo(&network);
    let services = services(&network, way, change);
    World::new(network, servers, &services)
}

/// Where a family's service is. With dsr no port is translated.
pub(crate) fn endpoint(family: usize) -> SocketAddr {
    (VIPS[family], ECHO).into()
}

/// Waits until the backends of a service have so many connections, and none that are being opened.
pub(crate) fn live(world: &World, service: &str, wanted: &[usize]) -> Status {
    let is = |status: &Status| -> anyhow::Result<bool> {
        let backends = &status.service(service)?.backends;
        let level = backends.iter().map(|backend| (backend.live, backend.pending));
        Ok(level.eq(wanted.iter().map(|live| (*live as u64, 0))))
    };
    let what = format!("{wanted:?} live connections of {service}");
    world.daemon.wait_for(&what, PATIENCE, is).unwrap()
}

/// Addresses that the client has from now on, besides its own, in the family of `like`.
pub(crate) fn client_addresses(world: &World, like: IpAddr, count: u8) -> Vec<IpAddr> {
    let client = &world.network.client;
    let number = |number: u8| match client.address_like(like) {
        IpAddr::V4(own) => {
            let [a, b, c, _] = own.octets();
            IpAddr::from([a, b, c, number])
        }
        IpAddr::V6(own) => {
            let mut octets = own.octets();
            octets[15] = number;
            IpAddr::from(octets)
        }
    };
    let all: Vec<_> = (100..100 + count).map(number).collect();
    let add = |address: &IpAddr| match address {
        IpAddr::V4(_) => format!("addr add {address}/24 dev eth0"),
        IpAddr::V6(_) => format!("addr add {address}/64 dev eth0 nodad"),
    };
    let commands: Vec<_> = all.iter().map(add).collect();
    let commands: Vec<_> = commands.iter().map(String::as_str).collect();
    client.host.ip(&commands).unwrap();
    all
}
