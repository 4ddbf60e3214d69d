//! TCP (RFC 9293) and UDP (RFC 768).

use network_types::{tcp::TcpHdr, udp::UdpHdr};
use xdp_lb_common::{Be16, DropReason, track::Segment};

use super::{Datagram, TCP, UDP};
use crate::packet::{Packet, Word};

/// Where the flags stand in [`TcpHdr`]'s bit field: behind the header's length and four reserved bits.
const FLAGS: usize = 8;

/// Source and destination port; `None` for another protocol or where the frame ends before the header does.
#[inline(always)]
pub(crate) fn ports(packet: &mut Packet<'_>, protocol: u8, l4: usize) -> Option<(Be16, Be16)> {
    let ports = match protocol {
        TCP => {
            let tcp = packet.at::<TcpHdr>(l4)?;
            (u16::load(&tcp.source), u16::load(&tcp.dest))
        }
        UDP => {
            let udp = packet.at::<UdpHdr>(l4)?;
            (u16::load(&udp.src), u16::load(&udp.dst))
        }
        _ => return None,
    };
    Some((Be16::from_raw(ports.0), Be16::from_raw(ports.1)))
}

/// Holds the lengths of a datagram that is about to be forwarded against each other, so that nothing broken leaves.
///
/// Returns what matters to its flow.
#[inline(always)]
pub(crate) fn validate<A>(packet: &mut Packet<'_>, datagram: &Datagram<A>) -> Result<Segment, DropReason> {
    let length = datagram.length?;
    if datagram.protocol == TCP {
        let tcp = packet.at::<TcpHdr>(datagram.l4).ok_or(DropReason::BadTcpHeader)?;
        let header = tcp.doff() * 4;
        if header < size_of::<TcpHdr>() as u16 || header > length {
            return Err(DropReason::BadTcpHeader);
        }
        let flags = tcp._bitfield_1.get(FLAGS, 8);
        Ok(Segment::tcp(flags as u8, length > header))
    } else {
        let udp = packet.at::<UdpHdr>(datagram.l4).ok_or(DropReason::BadUdpLength)?;
        let claimed = u16::from_be(u16::load(&udp.len));
        if claimed < size_of::<UdpHdr>() as u16 || claimed > length {
            return Err(DropReason::BadUdpLength);
        }
        Ok(Segment::new(Segment::UDP))
    }
}
