//! Answers to route lookups (`struct rtmsg`, `RTA_*`).

use std::net::IpAddr;

use super::{address, attributes, u32_at};
use crate::net::Rejection;

/// Length of `struct rtmsg`.
const FIXED: usize = 12;

const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_VIA: u16 = 18;
const RTA_ENCAP_TYPE: u16 = 21;

/// What the kernel would do with a packet for an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::net) enum Route {
    /// Send it from this interface, to the gateway if there is one.
    Via { ifindex: u32, gateway: Option<IpAddr> },
    /// Send it from this interface in another header.
    Encapsulated { ifindex: u32 },
    /// Keep it: the address is its own.
    Local,
    /// Send it to several.
    NotUnicast,
    /// Refuse it, because a route says so.
    Rejected(Rejection),
    /// Refuse it, because no route says otherwise.
    None,
    /// Not said: the lookup itself failed with this `errno`.
    Failed(i32),
}

impl Route {
    /// What an `errno` in answer to a lookup means.
    pub(in crate::net) fn from_errno(errno: i32) -> Self {
        match errno {
            libc::ENETUNREACH => Self::None,
            libc::EHOSTUNREACH => Self::Rejected(Rejection::Unreachable),
            libc::EACCES => Self::Rejected(Rejection::Prohibit),
            libc::EINVAL => Self::Rejected(Rejection::Blackhole),
            other => Self::Failed(other),
        }
    }
}

pub(super) fn read(payload: &[u8]) -> Option<Route> {
    let kind = *payload.get(7)?;
    let (mut ifindex, mut gateway, mut encapsulated) = (None, None, false);
    for (kind, value) in attributes(payload.get(FIXED..)?) {
        match kind {
            RTA_OIF => ifindex = u32_at(value, 0),
            RTA_GATEWAY => gateway = address(value),
            // A gateway of the other family: its family (two bytes), then the address.
            RTA_VIA => gateway = value.get(2..).and_then(address),
            RTA_ENCAP_TYPE => encapsulated = true,
            _ => {}
        }
    }
    Some(match kind {
        1 if encapsulated => Route::Encapsulated { ifindex: ifindex? },
        1 => Route::Via { ifindex: ifindex?, gateway },
        2 => Route::Local,
        3..=5 => Route::NotUnicast,
        6 => Route::Rejected(Rejection::Blackhole),
        7 => Route::Rejected(Rejection::Unreachable),
        8 => Route::Rejected(Rejection::Prohibit),
        _ => Route::None,
    })
}
