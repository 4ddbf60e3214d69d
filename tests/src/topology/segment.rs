//! All hosts on one Ethernet segment: what `dsr` needs.

use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::{Context as _, Result, ensure};

use super::{Network, Node, VIP4, VIP6};
use crate::{Host, Lab, veth};

const BALANCER: u8 = 1;
const CLIENT: u8 = 2;
const FIRST_BACKEND: u8 = 11;

/// ```text
///  client .2 ─┐
///  lb     .1 ─┼─ switch (a bridge)   10.60.0.0/24, fd60::/64
///  backend-1 .11, backend-2 .12 … ─┘
/// ```
///
/// Every host's device is `eth0`. The client's route to the virtual addresses goes by the balancer; the backends hold
/// them on their loopback device, do not answer ARP for them, and send their replies straight to the client.
pub fn segment(backends: usize) -> Result<Network> {
    ensure!(backends <= 200, "the segment is 10.60.0.0/24");
    let count = u8::try_from(backends)?;
    let lab = Lab::new()?;
    let switch = lab.host("switch")?;
    switch.ip(&["link add bridge type bridge", "link set bridge up"]).context("the kernel needs bridges")?;

    let balancer = join(&switch, lab.host("lb")?, BALANCER)?;
    balancer.host.forward()?;
    let client = join(&switch, lab.host("client")?, CLIENT)?;
    client.host.ip(&[
        &format!("route add {VIP4} via {}", balancer.v4),
        &format!("route add {VIP6} via {}", balancer.v6),
    ])?;
    let nodes = (0..count)
        .map(|index| {
            let backend = join(&switch, lab.host(&format!("backend-{}", index + 1))?, FIRST_BACKEND + index)?;
            hold_virtual_addresses(&backend.host)?;
            Ok(backend)
        })
        .collect::<Result<_>>()?;
    Ok(Network {
        client,
        balancer,
        backends: nodes,
        switch: Some(switch),
        interfaces: vec!["eth0".to_owned()],
        lab,
    })
}

fn join(switch: &Host, host: Host, number: u8) -> Result<Node> {
    let port = format!("port{number}");
    veth(switch, &port, &host, "eth0")?;
    switch.ip(&[&format!("link set {port} master bridge")])?;
    let (v4, v6) = (Ipv4Addr::new(10, 60, 0, number), Ipv6Addr::new(0xfd60, 0, 0, 0, 0, 0, 0, number.into()));
    host.ip(&[&format!("addr add {v4}/24 dev eth0"), &format!("addr add {v6}/64 dev eth0 nodad")])?;
    Ok(Node { host, v4, v6 })
}

/// What the documentation tells an operator to do on a backend of a `dsr` service.
fn hold_virtual_addresses(backend: &Host) -> Result<()> {
    backend.sysctl("ipv4/conf/all/arp_ignore", "1")?;
    backend.sysctl("ipv4/conf/all/arp_announce", "2")?;
    backend.ip(&[&format!("addr add {VIP4}/32 dev lo"), &format!("addr add {VIP6}/128 dev lo nodad")])
}
