//! From bytes to a datagram: Ethernet, then IP, then the ports.

mod ipv4;
mod ipv6;
mod transport;

use network_types::eth::{EthHdr, EtherType};
use xdp_lb_common::{Be16, DropReason};

pub(crate) use self::{ipv4::ipv4, ipv6::ipv6, transport::validate};
use crate::packet::Packet;

/// Length of the Ethernet header: where the IP header starts.
pub(crate) const L3: usize = size_of::<EthHdr>();

/// IP protocol numbers.
pub(crate) const TCP: u8 = 6;
/// See [`TCP`].
pub(crate) const UDP: u8 = 17;

/// A TCP segment or UDP datagram, not fragmented.
pub(crate) struct Datagram<Address> {
    /// Source address, native words of network order.
    pub(crate) source: Address,
    /// Destination address.
    pub(crate) destination: Address,
    /// [`TCP`] or [`UDP`].
    pub(crate) protocol: u8,
    /// TTL or hop limit.
    pub(crate) ttl: u8,
    /// Where the transport header starts, in bytes from the start of the frame.
    pub(crate) l4: usize,
    /// Length of the transport header and payload as the IP header says, or why it cannot be.
    pub(crate) length: Result<u16, DropReason>,
    /// Length of the whole IP packet.
    pub(crate) total: u16,
    /// Source port.
    pub(crate) source_port: Be16,
    /// Destination port.
    pub(crate) destination_port: Be16,
}

/// The frame's type; `None` for a frame too short or of a type unheard of.
#[inline(always)]
pub(crate) fn ether_type(packet: &mut Packet<'_>) -> Option<EtherType> {
    packet.at::<EthHdr>(0)?.ether_type().ok()
}
