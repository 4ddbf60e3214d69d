//! Interface messages (`struct ifinfomsg`, `IFLA_*`).

use super::{attributes, u16_at, u32_at};
use crate::net::{Link, XdpAttachment, XdpMode};

/// Length of `struct ifinfomsg`.
const FIXED: usize = 16;
/// Hardware type of Ethernet, the only one whose addresses can head a frame of ours.
const ETHERNET: u16 = 1;

const IFF_UP: u32 = 1;
const IFF_LOWER_UP: u32 = 1 << 16;

const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINKINFO: u16 = 18;
const IFLA_XDP: u16 = 43;

const IFLA_INFO_KIND: u16 = 1;

const IFLA_XDP_ATTACHED: u16 = 2;
/// `IFLA_XDP_PROG_ID` and those of one mode each: `_DRV_`, `_SKB_`, `_HW_`.
const IFLA_XDP_PROG_IDS: std::ops::RangeInclusive<u16> = 4..=7;

/// The interface's index; none if the message is not about the interface itself.
///
/// A bridge speaks of its ports in messages of its own family: a "deleted" there means that a port left the bridge.
pub(super) fn index(payload: &[u8]) -> Option<u32> {
    (payload.first() == Some(&0)).then(|| u32_at(payload, 4)).flatten()
}

pub(super) fn read(payload: &[u8]) -> Option<Link> {
    let flags = u32_at(payload, 8)?;
    let ethernet = u16_at(payload, 2)? == ETHERNET;
    let mut link = Link {
        index: index(payload)?,
        name: String::new(),
        mac: None,
        mtu: 0,
        up: flags & IFF_UP != 0,
        carrier: flags & IFF_LOWER_UP != 0,
        kind: None,
        xdp: None,
    };
    for (kind, value) in attributes(payload.get(FIXED..)?) {
        match kind {
            IFLA_ADDRESS if ethernet => link.mac = value.try_into().ok(),
            IFLA_IFNAME => link.name = text(value),
            IFLA_MTU => link.mtu = u32_at(value, 0).unwrap_or_default(),
            IFLA_LINKINFO => {
                link.kind =
                    attributes(value).find(|(kind, _)| *kind == IFLA_INFO_KIND).map(|(_, value)| text(value));
            }
            IFLA_XDP => link.xdp = xdp(value),
            _ => {}
        }
    }
    Some(link)
}

fn xdp(value: &[u8]) -> Option<XdpAttachment> {
    let mut mode = None;
    let mut program_ids = Vec::new();
    for (kind, value) in attributes(value) {
        if kind == IFLA_XDP_ATTACHED {
            mode = match value.first()? {
                1 => Some(XdpMode::Native),
                2 => Some(XdpMode::Generic),
                3 => Some(XdpMode::Offloaded),
                4 => Some(XdpMode::Multiple),
                _ => None,
            };
        } else if IFLA_XDP_PROG_IDS.contains(&kind) {
            program_ids.extend(u32_at(value, 0).filter(|id| *id != 0));
        }
    }
    program_ids.sort_unstable();
    program_ids.dedup();
    Some(XdpAttachment { program_ids, mode: mode? })
}

/// A string that may or may not end in a zero byte.
fn text(value: &[u8]) -> String {
    let text = value.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}
