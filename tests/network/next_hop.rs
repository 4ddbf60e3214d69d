//! The way to a backend is followed as the network changes.

use std::net::SocketAddr;
use std::time::Duration;

use xdp_lb_lab::server::Nginx;
use xdp_lb_lab::topology::{self, Network, VIP4, VIP6};
use xdp_lb_lab::{Host, PacketSocket, veth};

use crate::{
    service::{QUICK, Service},
    world::{HTTP, PATIENCE, Servers, VIPS, World, addresses},
};

fn web(network: &Network) -> [Service; 2] {
    [("web4", VIPS[0]), ("web6", VIPS[1])].map(|(name, vip)| {
        let web = Service::new(name, (vip, 80)).health(QUICK);
        web.backends(addresses(network, vip, HTTP))
    })
}

/// Waits until the next hops of `backend` in both services are usable or not, and described with `words`.
fn described(world: &World, backend: &str, usable: bool, words: [&str; 2]) {
    let found = world.daemon.wait_for(&format!("{backend} by {words:?}"), PATIENCE, |status| {
        let by = |service, words| -> anyhow::Result<bool> {
            let backend = status.backend(service, backend)?;
            Ok(backend.reachable == usable
                && backend.next_hop.contains(words)
                && (usable || backend.slots == 0))
        };
        Ok(by("web4", words[0])? && by("web6", words[1])?)
    });
    found.unwrap();
}

#[test]
fn a_backend_may_change_its_mac_address() {
    let network = topology::routed(2).unwrap();
    let services = web(&network);
    let servers = Servers::default().web(&network);
    let world = World::new(network, servers, &services);
    let backend = &world.network.backends[0].host;
    // Announced, as a machine that takes over an address does.
    backend.sysctl("ipv4/conf/eth0/arp_notify", "1").unwrap();
    backend.sysctl("ipv6/conf/eth0/ndisc_notify", "1").unwrap();
    backend.ip(&["link set eth0 address 02:00:00:00:be:01"]).unwrap();
    described(&world, "web-1", true, ["02:00:00:00:be:01 on be1"; 2]);
    for vip in VIPS {
        assert_eq!(world.spread((vip, 80).into(), 40).len(), 2);
    }
    assert!(world.daemon.status().unwrap().warnings.is_empty());
}

/// Nobody announces the change: the checks fail, and the kernel asks again once its entry has aged.
#[test]
fn a_backend_may_change_its_mac_address_in_silence() {
    let network = topology::routed(2).unwrap();
    let services = web(&network);
    let servers = Servers::default().web(&network);
    for family in ["ipv4", "ipv6"] {
        // Entries age in a second instead of half a minute, and are verified at once.
        let balancer = &network.balancer.host;
        balancer.sysctl(&format!("{family}/neigh/be1/base_reachable_time_ms"), "1000").unwrap();
        balancer.sysctl(&format!("{family}/neigh/be1/delay_first_probe_time"), "1").unwrap();
    }
    let world = World::new(network, servers, &services);
    world.network.backends[0].host.ip(&["link set eth0 address 02:00:00:00:be:02"]).unwrap();
    described(&world, "web-1", true, ["02:00:00:00:be:02 on be1"; 2]);
    world.settled();
    for vip in VIPS {
        assert_eq!(world.spread((vip, 80).into(), 40).len(), 2);
    }
}

/// Joins `far` by a device of its own to a backend that serves as a router to it.
fn behind(router: &Host, far: &Host, device: &str, number: u8) {
    veth(router, "beyond", far, device).unwrap();
    router.forward().unwrap();
    router
        .ip(&[
            &format!("addr add 10.5{number}.0.1/24 dev beyond"),
            &format!("addr add fd5{number}::1/64 dev beyond nodad"),
        ])
        .unwrap();
    far.ip(&[
        &format!("addr add 10.5{number}.0.2/24 dev {device}"),
        &format!("addr add fd5{number}::2/64 dev {device} nodad"),
    ])
    .unwrap();
}

const FAR: [&str; 2] = ["10.51.0.2", "fd51::2"];

/// A server two routers lead to: both backends' hosts. The balancer's route goes by the first.
fn far(network: &Network) -> (Host, Nginx) {
    let far = network.lab.host("far").unwrap();
    let [first, second] = [&network.backends[0].host, &network.backends[1].host];
    behind(first, &far, "eth0", 1);
    behind(second, &far, "eth1", 2);
    far.ip(&["route add default via 10.51.0.1", "route add ::/0 via fd51::1"]).unwrap();
    second.ip(&["route add 10.51.0.2 via 10.52.0.2", "route add fd51::2 via fd52::2"]).unwrap();
    let balancer = &network.balancer.host;
    balancer.ip(&["route add 10.51.0.0/24 via 10.50.1.2", "route add fd51::/64 via fd50:0:0:1::2"]).unwrap();
    let nginx = Nginx::start(&far, "far", HTTP).unwrap();
    (far, nginx)
}

fn to_far(forwarding: impl Fn(Service) -> Service) -> [Service; 2] {
    [("web4", VIPS[0], FAR[0]), ("web6", VIPS[1], FAR[1])].map(|(name, vip, far)| {
        let address = SocketAddr::new(far.parse().unwrap(), HTTP);
        forwarding(Service::new(name, (vip, 80)).health(QUICK)).backend("far", address, 1)
    })
}

#[test]
fn nat_reaches_a_backend_behind_a_gateway_and_follows_its_route() {
    let network = topology::routed(2).unwrap();
    let (_host, _nginx) = far(&network);
    let world = World::new(network, Servers::default(), &to_far(|service| service));
    let get = || {
        for vip in VIPS {
            assert_eq!(world.spread((vip, 80).into(), 10)["far"], 10);
        }
    };
    described(&world, "far", true, ["on be1 via 10.50.1.2", "on be1 via fd50:0:0:1::2"]);
    get();

    world
        .balancer()
        .ip(&["route replace 10.51.0.0/24 via 10.50.2.2", "route replace fd51::/64 via fd50:0:0:2::2"])
        .unwrap();
    described(&world, "far", true, ["on be2 via 10.50.2.2", "on be2 via fd50:0:0:2::2"]);
    // The new gateway was asked for first, and until it answered the old way was as good as any.
    assert!(!world.daemon.log().contains("no next hop"), "{}", world.daemon.log());
    let seen = PacketSocket::open(&world.network.backends[1].host, "eth0").unwrap();
    get();
    // Twenty connections are some hundred frames; the health checks in that time are far fewer.
    let frames = seen.received(Duration::from_millis(200)).unwrap().len();
    assert!(frames >= 80, "only {frames} frames came by the new route");

    world
        .balancer()
        .ip(&["route replace blackhole 10.51.0.0/24", "route replace unreachable fd51::/64"])
        .unwrap();
    described(&world, "far", false, ["its route is a blackhole", ""]);
    world.balancer().ip(&["route del blackhole 10.51.0.0/24", "route del unreachable fd51::/64"]).unwrap();
    described(&world, "far", false, ["no route to it", "no route to it"]);
    world
        .balancer()
        .ip(&["route add 10.51.0.0/24 via 10.50.1.2", "route add fd51::/64 via fd50:0:0:1::2"])
        .unwrap();
    described(&world, "far", true, ["on be1 via 10.50.1.2", "on be1 via fd50:0:0:1::2"]);
    world
        .daemon
        .wait_for("far to be up again", PATIENCE, |status| {
            Ok(status.services.iter().all(|service| service.backends[0].slots > 0))
        })
        .unwrap();
    get();
}

#[test]
fn dsr_refuses_a_backend_behind_a_gateway() {
    let network = topology::routed(2).unwrap();
    let (_host, _nginx) = far(&network);
    // Same port on both sides: nothing is translated.
    let services = [(VIP4.into(), FAR[0], "web4"), (VIP6.into(), FAR[1], "web6")].map(
        |(vip, far, name): (std::net::IpAddr, &str, &str)| {
            let address = SocketAddr::new(far.parse().unwrap(), HTTP);
            Service::new(name, (vip, HTTP)).dsr().health(QUICK).backend("far", address, 1)
        },
    );
    let world = World::new(network, Servers::default(), &services);
    let why = [
        "it is behind the gateway 10.50.1.2; dsr needs it on the same link",
        "it is behind the gateway fd50:0:0:1::2; dsr needs it on the same link",
    ];
    described(&world, "far", false, why);
    let status = world.daemon.status().unwrap();
    assert_eq!(status.warnings.len(), 2, "{:?}", status.warnings);
}
