//! Every host on a network of its own, the balancer routing between them: what `nat` needs.

use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::{Result, ensure};

use super::{Network, Node};
use crate::{Host, Lab, veth};

/// ```text
///                        ┌ cl   balancer   be1 ┐ 10.50.1.0/24, fd50:0:0:1::/64 ─ eth0 backend-1
///  client eth0 ─────────┘                 be2 └ 10.50.2.0/24, fd50:0:0:2::/64 ─ eth0 backend-2 …
///      10.50.0.0/24, fd50:0:0:0::/64
/// ```
///
/// On each network the balancer is `.1` and the other host `.2`, with its default route by the balancer. The balancer
/// forwards, and has the virtual addresses on no device: that they reach it is a matter of routes.
pub fn routed(backends: usize) -> Result<Network> {
    let count = u8::try_from(backends)?;
    ensure!(count < u8::MAX, "one network per backend in 10.50.0.0/16");
    let lab = Lab::new()?;
    let balancer = lab.host("lb")?;
    balancer.forward()?;

    let client = join(&balancer, "cl", lab.host("client")?, 0)?;
    let names: Vec<_> = (1..=count).map(|number| (number, format!("be{number}"))).collect();
    let mut nodes = Vec::with_capacity(backends);
    for (number, device) in &names {
        nodes.push(join(&balancer, device, lab.host(&format!("backend-{number}"))?, *number)?);
    }
    let interfaces =
        std::iter::once("cl".to_owned()).chain(names.into_iter().map(|(_, device)| device)).collect();
    let balancer = Node { host: balancer, v4: v4(0, 1), v6: v6(0, 1) };
    Ok(Network { client, balancer, backends: nodes, switch: None, interfaces, lab })
}

fn join(balancer: &Host, device: &str, host: Host, network: u8) -> Result<Node> {
    veth(balancer, device, &host, "eth0")?;
    let ([router4, own4], [router6, own6]) = ([1, 2].map(|n| v4(network, n)), [1, 2].map(|n| v6(network, n)));
    balancer.ip(&[
        &format!("addr add {router4}/24 dev {device}"),
        &format!("addr add {router6}/64 dev {device} nodad"),
    ])?;
    host.ip(&[
        &format!("addr add {own4}/24 dev eth0"),
        &format!("addr add {own6}/64 dev eth0 nodad"),
        &format!("route add default via {router4}"),
        &format!("route add ::/0 via {router6}"),
    ])?;
    Ok(Node { host, v4: own4, v6: own6 })
}

fn v4(network: u8, host: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 50, network, host)
}

fn v6(network: u8, host: u8) -> Ipv6Addr {
    Ipv6Addr::new(0xfd50, 0, 0, network.into(), 0, 0, 0, host.into())
}
