//! `dsr`: only the MAC address is rewritten, and backends answer from the virtual address, past the balancer.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use xdp_lb_lab::server::{Nginx, UdpEcho, big_file};
use xdp_lb_lab::topology::{self, Network};

use crate::{
    service::{QUICK, Service},
    world::{Servers, VIPS, World, addresses},
};

/// What backends and services listen on: with `dsr` no port is translated.
const HTTP: u16 = 80;
const DNS: u16 = 53;

fn servers(network: &Network) -> Servers {
    let mut servers = Servers::default();
    for (backend, number) in network.backends.iter().zip(1..) {
        let name = format!("web-{number}");
        servers.nginx.push(Nginx::start(&backend.host, &name, HTTP).unwrap());
        let own = VIPS.map(|vip| SocketAddr::new(vip, DNS));
        servers.udp.push(UdpEcho::start(&backend.host, &name, &own).unwrap());
    }
    servers
}

fn exchange(attach: &str) {
    let network = topology::segment(2).unwrap();
    let mut services = Vec::new();
    for (vip, family) in VIPS.into_iter().zip(["4", "6"]) {
        let web = Service::new(&format!("web{family}"), (vip, HTTP)).dsr().health(QUICK);
        services.push(web.backends(addresses(&network, vip, HTTP)));
        let dns = Service::new(&format!("dns{family}"), (vip, DNS)).udp().dsr();
        services.push(dns.backends(addresses(&network, vip, DNS)));
    }
    let servers = servers(&network);
    let world = World::with(network, servers, &services, |setup| attach.clone_into(&mut setup.attach));

    for vip in VIPS {
        let client = world.network.client.address_like(vip);
        let (mut web, mut dns) = (BTreeSet::new(), BTreeSet::new());
        for _ in 0..40 {
            // The clients' sockets take answers from nowhere else than the virtual address.
            let page = world.get((vip, HTTP).into(), "/").unwrap();
            assert_eq!(page.header("x-client"), Some(client.to_string().as_str()), "the client's address");
            web.insert(page.text());
            let (name, peer) = world.ask((vip, DNS).into()).unwrap();
            assert_eq!(peer.ip(), client, "the client's address");
            dns.insert(name);
        }
        assert_eq!((web.len(), dns.len()), (2, 2), "{vip}: only {web:?} and {dns:?} answer");
        let big = world.get((vip, HTTP).into(), "/big").unwrap();
        assert!(big.body == big_file(), "the big file has changed on its way");
    }

    let status = world.daemon.status().unwrap();
    for (name, connections) in [("web4", 41), ("web6", 41), ("dns4", 0), ("dns6", 0)] {
        let traffic = status.service(name).unwrap().traffic;
        assert_eq!((traffic.connections, traffic.reply_packets), (connections, 0), "{name}: {traffic:?}");
        assert!(traffic.packets >= 40, "{name}: {traffic:?}");
    }
    assert!(status.drops.values().all(|&packets| packets == 0), "{:?}", status.drops);
}

#[test]
fn backends_on_the_segment_answer_past_the_balancer_natively() {
    exchange("native");
}

#[test]
fn backends_on_the_segment_answer_past_the_balancer_generically() {
    exchange("generic");
}
