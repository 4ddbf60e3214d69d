//! IPv4 (RFC 791).

use network_types::ip::Ipv4Hdr;
use xdp_lb_common::DropReason;

use super::{Datagram, L3, transport};
use crate::packet::{Packet, Word};

/// More Fragments and the fragment offset.
const FRAGMENT: u16 = 0x3fff;

/// `None`: not an unfragmented TCP or UDP packet, or broken beyond telling whom it is for.
#[inline(always)]
pub(crate) fn ipv4(packet: &mut Packet<'_>) -> Option<Datagram<u32>> {
    let available = packet.len() - L3 as u64;
    let ip = packet.at::<Ipv4Hdr>(L3)?;
    let header = usize::from(ip.vihl & 0x0f) * 4;
    if ip.vihl >> 4 != 4 || header < size_of::<Ipv4Hdr>() {
        return None;
    }
    if u16::load(&ip.frags) & FRAGMENT.to_be() != 0 {
        return None;
    }
    let total = u16::from_be(u16::load(&ip.tot_len));
    let length = match usize::from(total).checked_sub(header) {
        Some(length) if u64::from(total) <= available => Ok(length as u16),
        Some(_) | None => Err(DropReason::BadIpLength),
    };
    let (source, destination) = (u32::load(&ip.src_addr), u32::load(&ip.dst_addr));
    let (protocol, ttl, l4) = (ip.proto, ip.ttl, L3 + header);
    let (source_port, destination_port) = transport::ports(packet, protocol, l4)?;
    Some(Datagram { source, destination, protocol, ttl, l4, length, total, source_port, destination_port })
}
