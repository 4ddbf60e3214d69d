//! Every frame of real connections, as it arrives at servers and at the client.

use std::process::Command;
use std::time::Duration;

use xdp_lb_lab::topology;
use xdp_lb_lab::{Host, PacketSocket};

use crate::{
    frames::sound,
    service::{QUICK, Service},
    world::{DNS, HTTP, Servers, VIPS, World, addresses},
};

#[test]
fn every_frame_has_right_checksums() {
    let network = topology::routed(2).unwrap();
    let mut services = Vec::new();
    for (vip, family) in VIPS.into_iter().zip(["4", "6"]) {
        let web = Service::new(&format!("web{family}"), (vip, 80)).health(QUICK);
        services.push(web.backends(addresses(&network, vip, HTTP)));
        let dns = Service::new(&format!("dns{family}"), (vip, 53)).udp();
        services.push(dns.backends(addresses(&network, vip, DNS)));
    }
    // GRO merges packets before a tap sees them. Native redirects into a veth need it, so this is in generic mode; the
    // arithmetic is the same.
    let separate = |host: &Host, device: &str| {
        host.run(Command::new("ethtool").args(["-K", device, "gro", "off"])).unwrap();
        PacketSocket::open(host, device).unwrap()
    };
    for device in &network.interfaces {
        separate(&network.balancer.host, device);
    }
    let client = separate(&network.client.host, "eth0");
    let backends = network.backends.iter().map(|backend| separate(&backend.host, "eth0")).collect::<Vec<_>>();
    let servers = Servers::default().web(&network).dns(&network);
    let world = World::with(network, servers, &services, |setup| "generic".clone_into(&mut setup.attach));

    let arrived = |tap: &PacketSocket| -> usize {
        let frames = tap.received(Duration::from_millis(50)).unwrap();
        frames.iter().map(|frame| usize::from(sound(frame))).sum()
    };
    for vip in VIPS {
        assert_eq!(world.spread((vip, 80).into(), 20).len(), 2);
        world.get((vip, 80).into(), "/big").unwrap();
        (0..20).for_each(|_| drop(world.ask((vip, 53).into()).unwrap()));
        let (replies, requests) = (arrived(&client), backends.iter().map(arrived).sum::<usize>());
        // Ten megabytes are seven thousand full frames, acknowledged by some hundred.
        assert!(replies > 6000, "{vip}: only {replies} frames were seen at the client");
        assert!(requests > 100, "{vip}: only {requests} frames were seen at the backends");
    }
}
