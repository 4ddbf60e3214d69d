//! IPv6 (RFC 8200), without extension headers.

use network_types::ip::Ipv6Hdr;
use xdp_lb_common::DropReason;

use super::{Datagram, L3, transport};
use crate::packet::{Packet, Word};

/// `None`: not a TCP or UDP packet without extension headers, or broken beyond telling whom it is for.
#[inline(always)]
pub(crate) fn ipv6(packet: &mut Packet<'_>) -> Option<Datagram<[u64; 2]>> {
    let l4 = L3 + size_of::<Ipv6Hdr>();
    let available = packet.len() - L3 as u64;
    let ip = packet.at::<Ipv6Hdr>(L3)?;
    if ip.vcf[0] >> 4 != 6 {
        return None;
    }
    let payload = u16::from_be(u16::load(&ip.payload_len));
    let total = u64::from(payload) + size_of::<Ipv6Hdr>() as u64;
    let length = if total <= available { Ok(payload) } else { Err(DropReason::BadIpLength) };
    let source = [u64::load(&ip.src_addr[..8]), u64::load(&ip.src_addr[8..])];
    let destination = [u64::load(&ip.dst_addr[..8]), u64::load(&ip.dst_addr[8..])];
    let (protocol, ttl) = (ip.next_hdr, ip.hop_limit);
    let (source_port, destination_port) = transport::ports(packet, protocol, l4)?;
    let total = total as u16;
    Some(Datagram { source, destination, protocol, ttl, l4, length, total, source_port, destination_port })
}
