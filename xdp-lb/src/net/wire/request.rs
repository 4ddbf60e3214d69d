//! Requests to the kernel.

use std::net::IpAddr;

use super::{AF_INET, AF_INET6, ALIGN, HEADER, NeighbourKey, kind};

const REQUEST: u16 = 0x001;
const ACKNOWLEDGE: u16 = 0x004;
const DUMP: u16 = 0x300;
const CREATE: u16 = 0x400;

/// Something to ask the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::net) enum Request {
    /// Which interfaces are there?
    Links,
    /// Which neighbours, of every family?
    Neighbours,
    /// Which way would a packet for this address go?
    Route(IpAddr),
    /// Behave as if a packet had just been sent to this neighbour: resolve it, or verify it if that is due.
    Use(NeighbourKey),
}

impl Request {
    /// Appends the message to `buffer`.
    pub(in crate::net) fn write(self, sequence: u32, buffer: &mut Vec<u8>) {
        match self {
            Self::Links => {
                /// Without the counters, which are most of an interface's message.
                const SKIP_STATISTICS: u32 = 1 << 3;
                const IFLA_EXT_MASK: u16 = 29;
                let attribute = (IFLA_EXT_MASK, &SKIP_STATISTICS.to_ne_bytes()[..]);
                message(buffer, kind::GET_LINK, REQUEST | DUMP, sequence, &[0; 16], Some(attribute));
            }
            Self::Neighbours => {
                message(buffer, kind::GET_NEIGHBOUR, REQUEST | DUMP, sequence, &[0; 12], None);
            }
            Self::Route(target) => {
                const RTA_DST: u16 = 1;
                let (family, octets) = family(target);
                let mut fixed = [0; 12];
                fixed[0] = family;
                fixed[1] = (octets.as_slice().len() * 8) as u8;
                let attribute = Some((RTA_DST, octets.as_slice()));
                message(buffer, kind::GET_ROUTE, REQUEST, sequence, &fixed, attribute);
            }
            Self::Use(NeighbourKey { ifindex, address }) => {
                const NDA_DST: u16 = 1;
                const NTF_USE: u8 = 1;
                let (family, octets) = family(address);
                let mut fixed = [0; 12];
                fixed[0] = family;
                fixed[4..8].copy_from_slice(&ifindex.to_ne_bytes());
                fixed[10] = NTF_USE;
                let attribute = Some((NDA_DST, octets.as_slice()));
                let flags = REQUEST | ACKNOWLEDGE | CREATE;
                message(buffer, kind::NEW_NEIGHBOUR, flags, sequence, &fixed, attribute);
            }
        }
    }
}

/// An address's bytes.
enum Octets {
    V4([u8; 4]),
    V6([u8; 16]),
}

impl Octets {
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::V4(octets) => octets,
            Self::V6(octets) => octets,
        }
    }
}

fn family(address: IpAddr) -> (u8, Octets) {
    match address {
        IpAddr::V4(address) => (AF_INET, Octets::V4(address.octets())),
        IpAddr::V6(address) => (AF_INET6, Octets::V6(address.octets())),
    }
}

fn message(
    buffer: &mut Vec<u8>,
    kind: u16,
    flags: u16,
    sequence: u32,
    fixed: &[u8],
    attribute: Option<(u16, &[u8])>,
) {
    // Everything here is a multiple of four bytes long, so nothing needs padding.
    let attributes = attribute.map_or(0, |(_, value)| ALIGN + value.len());
    let length = HEADER + fixed.len() + attributes;
    buffer.extend_from_slice(&(length as u32).to_ne_bytes());
    buffer.extend_from_slice(&kind.to_ne_bytes());
    buffer.extend_from_slice(&flags.to_ne_bytes());
    buffer.extend_from_slice(&sequence.to_ne_bytes());
    // The sender's port, which the kernel fills in.
    buffer.extend_from_slice(&[0; 4]);
    buffer.extend_from_slice(fixed);
    if let Some((kind, value)) = attribute {
        buffer.extend_from_slice(&((ALIGN + value.len()) as u16).to_ne_bytes());
        buffer.extend_from_slice(&kind.to_ne_bytes());
        buffer.extend_from_slice(value);
    }
}
