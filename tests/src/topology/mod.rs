//! Ready-made networks.

mod routed;
mod segment;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use routed::routed;
pub use segment::segment;

use crate::{Host, Lab};

/// The virtual IPv4 address that clients of every topology reach through the balancer.
pub const VIP4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);

/// The virtual IPv6 address that clients of every topology reach through the balancer.
pub const VIP6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x10);

/// A client, a balancer and backends, connected.
#[derive(Debug)]
pub struct Network {
    /// Sends to the virtual addresses by way of the balancer.
    pub client: Node,
    /// Where the daemon is to run; its addresses are those the client sees.
    pub balancer: Node,
    /// Where servers are to run.
    pub backends: Vec<Node>,
    /// What joins them all, where they share a segment: `bridge`, with a device `portN` to the host `.N`.
    pub switch: Option<Host>,
    /// The balancer's devices that carry clients' and backends' packets.
    pub interfaces: Vec<String>,
    /// The owner of all these.
    pub lab: Lab,
}

/// A host and its addresses.
#[derive(Clone, Debug)]
pub struct Node {
    /// The host itself.
    pub host: Host,
    /// Its IPv4 address.
    pub v4: Ipv4Addr,
    /// Its IPv6 address.
    pub v6: Ipv6Addr,
}

impl Node {
    /// Its address in the family of `vip`.
    #[must_use]
    pub fn address_like(&self, vip: IpAddr) -> IpAddr {
        match vip {
            IpAddr::V4(_) => self.v4.into(),
            IpAddr::V6(_) => self.v6.into(),
        }
    }
}
