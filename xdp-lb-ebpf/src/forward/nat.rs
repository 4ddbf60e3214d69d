//! Destination NAT and its reverse: addresses, ports and the checksums over them.

use network_types::{tcp::TcpHdr, udp::UdpHdr};
use xdp_lb_common::{Be16, DropReason, backend::Backend, checksum::Delta};

use crate::{
    family::{Family, Side},
    packet::{Packet, Word},
    parse::{Datagram, TCP},
};

/// Readdresses a client's packet to its backend. The host acts as a router, so the TTL goes down.
#[inline(always)]
pub(crate) fn to_backend<F: Family>(
    packet: &mut Packet<'_>,
    datagram: &Datagram<F::Address>,
    backend: &Backend,
) -> Result<(), DropReason> {
    if datagram.ttl <= 1 {
        return Err(DropReason::TtlExpired);
    }
    F::decrement_ttl(packet).ok_or(DropReason::Inconsistent)?;
    F::rewrite(packet, Side::Destination, F::address(&backend.address), backend.address_delta)
        .and_then(|()| port(packet, datagram, Side::Destination, backend.port, backend.transport_delta))
        .ok_or(DropReason::Inconsistent)
}

/// Gives a backend's reply the service's address and port as its source. The TTL is left alone.
#[inline(always)]
pub(crate) fn to_client<F: Family>(
    packet: &mut Packet<'_>,
    datagram: &Datagram<F::Address>,
    backend: &Backend,
) -> Result<(), DropReason> {
    F::rewrite(packet, Side::Source, F::address(&backend.vip), backend.address_delta.reversed())
        .and_then(|()| {
            port(packet, datagram, Side::Source, backend.vip_port, backend.transport_delta.reversed())
        })
        .ok_or(DropReason::Inconsistent)
}

/// Replaces a port and updates the checksum, which covers the addresses too (RFC 9293, section 3.1; RFC 768).
#[inline(always)]
fn port<A>(
    packet: &mut Packet<'_>,
    datagram: &Datagram<A>,
    side: Side,
    port: Be16,
    delta: Delta,
) -> Option<()> {
    if datagram.protocol == TCP {
        let tcp = packet.at::<TcpHdr>(datagram.l4)?;
        let field = match side {
            Side::Destination => &mut tcp.dest,
            Side::Source => &mut tcp.source,
        };
        port.raw().store(field);
        delta.apply(u16::load(&tcp.check)).store(&mut tcp.check);
    } else {
        let udp = packet.at::<UdpHdr>(datagram.l4)?;
        let field = match side {
            Side::Destination => &mut udp.dst,
            Side::Source => &mut udp.src,
        };
        port.raw().store(field);
        delta.apply_udp(u16::load(&udp.check)).store(&mut udp.check);
    }
    Some(())
}
