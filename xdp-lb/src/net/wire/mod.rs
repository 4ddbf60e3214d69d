//! Bytes from and to the kernel, turned into facts and back.
//!
//! A message is read attribute by attribute: one that is unknown or of a surprising size is passed over, never a
//! reason to lose the message, because new kernels add attributes all the time. Nothing here trusts a length.

mod link;
mod neighbour;
mod request;
mod route;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) use self::{
    neighbour::{NeighbourKey, NeighbourState},
    request::Request,
    route::Route,
};
use super::Link;

/// Length of `struct nlmsghdr`.
const HEADER: usize = 16;
/// Attributes and messages begin at multiples of this.
const ALIGN: usize = 4;

/// Address families as they stand in messages.
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// Message types.
mod kind {
    pub(super) const ERROR: u16 = 2;
    pub(super) const DONE: u16 = 3;
    pub(super) const OVERRUN: u16 = 4;
    pub(super) const NEW_LINK: u16 = 16;
    pub(super) const DELETE_LINK: u16 = 17;
    pub(super) const GET_LINK: u16 = 18;
    pub(super) const NEW_ADDRESS: u16 = 20;
    pub(super) const DELETE_ADDRESS: u16 = 21;
    pub(super) const NEW_ROUTE: u16 = 24;
    pub(super) const DELETE_ROUTE: u16 = 25;
    pub(super) const GET_ROUTE: u16 = 26;
    pub(super) const NEW_NEIGHBOUR: u16 = 28;
    pub(super) const DELETE_NEIGHBOUR: u16 = 29;
    pub(super) const GET_NEIGHBOUR: u16 = 30;
    pub(super) const NEW_RULE: u16 = 32;
    pub(super) const DELETE_RULE: u16 = 33;
    pub(super) const NEW_NEXT_HOP: u16 = 104;
    pub(super) const DELETE_NEXT_HOP: u16 = 105;
}

/// A change, or one line of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    Link(Link),
    LinkGone(u32),
    Neighbour {
        key: NeighbourKey,
        state: NeighbourState,
        mac: Option<[u8; 6]>,
    },
    NeighbourGone(NeighbourKey),
    /// A route, rule or address changed: any answer to a route lookup may be different now.
    Routing,
    /// The kernel had to drop messages.
    Overrun,
}

impl Event {
    /// What `packet` says; none if it says nothing of interest.
    pub(super) fn read(packet: &Packet<'_>) -> Option<Self> {
        match packet.kind {
            kind::NEW_LINK => link::read(packet.payload).map(Self::Link),
            kind::DELETE_LINK => link::index(packet.payload).map(Self::LinkGone),
            kind::NEW_NEIGHBOUR => {
                let (key, state, mac) = neighbour::read(packet.payload)?;
                Some(Self::Neighbour { key, state, mac })
            }
            kind::DELETE_NEIGHBOUR => {
                neighbour::read(packet.payload).map(|(key, ..)| Self::NeighbourGone(key))
            }
            kind::NEW_ROUTE
            | kind::DELETE_ROUTE
            | kind::NEW_RULE
            | kind::DELETE_RULE
            | kind::NEW_ADDRESS
            | kind::DELETE_ADDRESS
            | kind::NEW_NEXT_HOP
            | kind::DELETE_NEXT_HOP => Some(Self::Routing),
            kind::OVERRUN => Some(Self::Overrun),
            _ => None,
        }
    }
}

/// One netlink message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packet<'a> {
    kind: u16,
    flags: u16,
    /// The number of the request it answers; 0 for a change nobody asked about.
    pub(super) sequence: u32,
    payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// The messages in a datagram; what is cut short or malformed ends them.
    pub(super) fn all(mut datagram: &'a [u8]) -> impl Iterator<Item = Self> {
        std::iter::from_fn(move || {
            let length = u32_at(datagram, 0)? as usize;
            let message = datagram.get(..length)?;
            let packet = Self {
                kind: u16_at(message, 4)?,
                flags: u16_at(message, 6)?,
                sequence: u32_at(message, 8)?,
                payload: message.get(HEADER..)?,
            };
            datagram = datagram.get(length.next_multiple_of(ALIGN)..).unwrap_or_default();
            Some(packet)
        })
    }

    /// Whether it ends a listing.
    pub(super) fn is_done(&self) -> bool {
        self.kind == kind::DONE
    }

    /// Whether the table changed while it was listed, so that lines may be missing.
    pub(super) fn is_interrupted(&self) -> bool {
        const DUMP_INTERRUPTED: u16 = 0x10;
        self.flags & DUMP_INTERRUPTED != 0
    }
}

/// What a request is answered with.
pub(super) trait Answer: Sized {
    /// The answer in `packet`, if it is one.
    fn read(packet: &Packet<'_>) -> Option<Self>;
}

/// The kernel's verdict on a request: an `errno`, 0 if it was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcome(pub(super) i32);

impl Answer for Outcome {
    fn read(packet: &Packet<'_>) -> Option<Self> {
        // A verdict too short to be one is a refusal all the same.
        let errno = || i32_at(packet.payload, 0).map_or(libc::EPROTO, i32::wrapping_neg);
        (packet.kind == kind::ERROR).then(|| Self(errno()))
    }
}

impl Answer for Route {
    fn read(packet: &Packet<'_>) -> Option<Self> {
        match packet.kind {
            kind::NEW_ROUTE => Some(route::read(packet.payload).unwrap_or(Self::Failed(libc::EPROTO))),
            _ => Outcome::read(packet).map(|Outcome(errno)| Self::from_errno(errno)),
        }
    }
}

/// The attributes in `bytes`, by type; what is cut short or malformed ends them.
fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    /// The two upper bits of a type are flags.
    const TYPE: u16 = 0x3fff;
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(bytes, 0)?);
        let kind = u16_at(bytes, 2)? & TYPE;
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(ALIGN)..).unwrap_or_default();
        Some((kind, value))
    })
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array_at(bytes, at).map(u16::from_ne_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array_at(bytes, at).map(u32::from_ne_bytes)
}

fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    array_at(bytes, at).map(i32::from_ne_bytes)
}

/// An address of the family its length tells.
fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => array_at(bytes, 0).map(|octets: [u8; 4]| Ipv4Addr::from(octets).into()),
        16 => array_at(bytes, 0).map(|octets: [u8; 16]| Ipv6Addr::from(octets).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
