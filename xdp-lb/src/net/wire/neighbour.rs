//! Neighbour messages (`struct ndmsg`, `NDA_*`).

use std::net::IpAddr;

use super::{AF_INET, AF_INET6, address, attributes, u16_at, u32_at};

/// Length of `struct ndmsg`.
const FIXED: usize = 12;

const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;

/// An address answered for on the kernel's own behalf, not a neighbour.
const NTF_PROXY: u8 = 0x08;

/// Which neighbour: an address is unique on one interface only (link-local ones are everywhere).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::net) struct NeighbourKey {
    pub(in crate::net) ifindex: u32,
    pub(in crate::net) address: IpAddr,
}

/// How far the kernel trusts an entry, in the steps that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::net) enum NeighbourState {
    /// Set by hand, or needing no resolution; never verified.
    Static,
    /// Confirmed lately, or being confirmed.
    Fresh,
    /// Not confirmed lately; the kernel verifies it when it is next used.
    Stale,
    /// Being resolved.
    Incomplete,
    /// Nobody answered.
    Failed,
}

impl NeighbourState {
    fn from_kernel(state: u16) -> Self {
        const REACHABLE: u16 = 0x02;
        const STALE: u16 = 0x04;
        const DELAY: u16 = 0x08;
        const PROBE: u16 = 0x10;
        const FAILED: u16 = 0x20;
        const NOARP: u16 = 0x40;
        const PERMANENT: u16 = 0x80;
        match state {
            REACHABLE | DELAY | PROBE => Self::Fresh,
            STALE => Self::Stale,
            FAILED => Self::Failed,
            NOARP | PERMANENT => Self::Static,
            _ => Self::Incomplete,
        }
    }
}

/// The neighbour a message is about, its state and MAC address; none if it is not about an IP neighbour (a bridge's
/// forwarding table speaks the same messages).
pub(super) fn read(payload: &[u8]) -> Option<(NeighbourKey, NeighbourState, Option<[u8; 6]>)> {
    let family = *payload.first()?;
    let ifindex = u32_at(payload, 4)?;
    let state = NeighbourState::from_kernel(u16_at(payload, 8)?);
    let flags = *payload.get(10)?;
    if !matches!(family, AF_INET | AF_INET6) || flags & NTF_PROXY != 0 {
        return None;
    }
    let (mut destination, mut mac) = (None, None);
    for (kind, value) in attributes(payload.get(FIXED..)?) {
        match kind {
            NDA_DST => destination = address(value),
            NDA_LLADDR => mac = value.try_into().ok(),
            _ => {}
        }
    }
    Some((NeighbourKey { ifindex, address: destination? }, state, mac))
}
