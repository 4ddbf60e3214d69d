//! `nat`: address and port are rewritten, and the client is seen as it is.

use std::net::{IpAddr, SocketAddr};

use xdp_lb_lab::server::big_file;
use xdp_lb_lab::topology::{self, Network};

use crate::{
    service::{QUICK, Service},
    world::{DNS, HTTP, Servers, VIPS, World, addresses, xdp},
};

/// A web and a UDP service on each of `vips`.
fn services(network: &Network, vips: [IpAddr; 2]) -> Vec<Service> {
    let mut services = Vec::new();
    for (vip, family) in vips.into_iter().zip(["4", "6"]) {
        let web = Service::new(&format!("web{family}"), (vip, 80)).health(QUICK);
        services.push(web.backends(addresses(network, vip, HTTP)));
        let dns = Service::new(&format!("dns{family}"), (vip, 53)).udp();
        services.push(dns.backends(addresses(network, vip, DNS)));
    }
    services
}

/// Traffic of every kind through both services of each of `vips`, to each of the backends.
fn exchange(world: &World, vips: [IpAddr; 2]) {
    for vip in vips {
        let (web, dns) = (SocketAddr::new(vip, 80), SocketAddr::new(vip, 53));
        let client = world.network.client.address_like(vip);

        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..40 {
            let page = world.get(web, "/").unwrap();
            assert_eq!((page.status, page.text().as_str()), (200, page.header("x-server").unwrap()));
            assert_eq!(page.header("x-client"), Some(client.to_string().as_str()), "the client's address");
            seen.insert(page.text());
        }
        assert_eq!(seen.len(), world.network.backends.len(), "of all backends only {seen:?} answer at {web}");
        assert!(world.get(web, "/big").unwrap().body == big_file(), "the big file has changed on its way");

        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..40 {
            let (name, peer) = world.ask(dns).unwrap();
            assert_eq!(peer.ip(), client, "the client's address");
            seen.insert(name);
        }
        assert_eq!(seen.len(), world.network.backends.len(), "of all backends only {seen:?} answer at {dns}");
    }
}

/// What the daemon counts is what was sent.
fn counted(world: &World) {
    let status = world.daemon.status().unwrap();
    for name in ["web4", "web6"] {
        let traffic = status.service(name).unwrap().traffic;
        assert_eq!(traffic.connections, 41, "{name}: {traffic:?}");
        assert!(traffic.packets >= 41 * 4 && traffic.reply_packets >= 41 * 3, "{name}: {traffic:?}");
        assert!(traffic.reply_bytes > big_file().len() as u64, "{name}: {traffic:?}");
    }
    for name in ["dns4", "dns6"] {
        let traffic = status.service(name).unwrap().traffic;
        assert_eq!((traffic.packets, traffic.reply_packets, traffic.connections), (40, 40, 0), "{name}");
    }
    assert!(status.drops.values().all(|&packets| packets == 0), "{:?}", status.drops);
    assert_eq!(status.warnings, [""; 0]);
}

fn routed(attach: &str, mode: u64) {
    let network = topology::routed(2).unwrap();
    let servers = Servers::default().web(&network).dns(&network);
    let services = services(&network, VIPS);
    let world = World::with(network, servers, &services, |setup| attach.clone_into(&mut setup.attach));
    for device in &world.network.interfaces {
        assert_eq!(xdp(world.balancer(), device).map(|(_, mode)| mode), Some(mode), "{device}");
    }
    exchange(&world, VIPS);
    counted(&world);
}

#[test]
fn clients_reach_backends_on_other_networks_natively() {
    routed("native", 1);
}

#[test]
fn clients_reach_backends_on_other_networks_generically() {
    routed("generic", 2);
}

#[test]
fn auto_is_native_where_the_driver_can() {
    routed("auto", 1);
}

/// The virtual addresses are the balancer's own, and its neighbour the client asks for them by ARP and ND.
#[test]
fn virtual_addresses_may_be_the_balancers_own() {
    for attach in ["native", "generic"] {
        let network = topology::routed(2).unwrap();
        let vips = ["10.50.0.100".parse().unwrap(), "fd50::100".parse().unwrap()];
        let balancer = &network.balancer.host;
        balancer.ip(&["addr add 10.50.0.100/24 dev cl", "addr add fd50::100/64 dev cl nodad"]).unwrap();
        let servers = Servers::default().web(&network).dns(&network);
        let services = services(&network, vips);
        let world = World::with(network, servers, &services, |setup| attach.clone_into(&mut setup.attach));
        exchange(&world, vips);
        counted(&world);
        // The client knows the balancer, but the balancer has forgotten the client. Its kernel does not forward the first
        // reply, which comes from an address of its own; the daemon has it ask for the client.
        world.balancer().ip(&["neigh flush dev cl"]).unwrap();
        exchange(&world, vips);
    }
}
