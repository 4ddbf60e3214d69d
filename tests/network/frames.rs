//! Frames made by hand, and what may be asked of frames that were let through.

use std::net::{IpAddr, SocketAddr};

use etherparse::{
    IpHeaders, IpNumber, Ipv4Extensions, Ipv4Header, NetHeaders, PacketBuilder, PacketHeaders,
    TransportHeader,
};

/// Where the IP header starts.
pub(crate) const L3: usize = 14;

/// MAC addresses: from, to.
pub(crate) type Macs = ([u8; 6], [u8; 6]);

/// Whether a frame is TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum L4 {
    Syn,
    Ack,
    Udp,
}

/// A frame with right lengths and checksums.
pub(crate) fn frame(macs: Macs, l4: L4, from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let ethernet = PacketBuilder::ethernet2(macs.0, macs.1);
    let ip = match (from.ip(), to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            // The builder sets the protocol.
            let header = Ipv4Header::new(0, 64, IpNumber::TCP, from.octets(), to.octets()).unwrap();
            ethernet.ip(IpHeaders::Ipv4(header, Ipv4Extensions::default()))
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => ethernet.ipv6(from.octets(), to.octets(), 64),
        (from, to) => panic!("{from} and {to} are of different families"),
    };
    let mut bytes = Vec::new();
    match l4 {
        L4::Syn => ip.tcp(from.port(), to.port(), 1000, 64_000).syn().write(&mut bytes, payload),
        L4::Ack => ip.tcp(from.port(), to.port(), 1001, 64_000).ack(77).write(&mut bytes, payload),
        L4::Udp => ip.udp(from.port(), to.port()).write(&mut bytes, payload),
    }
    .unwrap();
    bytes
}

/// What was captured, taken apart; a frame whose lengths contradict each other is the test's failure.
pub(crate) fn whole(bytes: &[u8]) -> PacketHeaders<'_> {
    let headers = PacketHeaders::from_ethernet_slice(bytes);
    let headers = headers.unwrap_or_else(|error| panic!("a broken frame ({error}): {bytes:02x?}"));
    if let Some(NetHeaders::Ipv4(ip, _)) = &headers.net {
        assert!(L3 + usize::from(ip.total_len) <= bytes.len(), "IPv4 length: {bytes:02x?}");
    }
    if let Some(NetHeaders::Ipv6(ip, _)) = &headers.net {
        assert!(L3 + 40 + usize::from(ip.payload_length) <= bytes.len(), "IPv6 length: {bytes:02x?}");
    }
    if let Some(TransportHeader::Udp(udp)) = &headers.transport {
        let available = 8 + headers.payload.slice().len();
        assert!((8..=available).contains(&usize::from(udp.length)), "UDP length: {bytes:02x?}");
    }
    headers
}

/// Asserts that every checksum of a captured frame is right; says whether it is a TCP or UDP packet.
pub(crate) fn sound(bytes: &[u8]) -> bool {
    let headers = whole(bytes);
    let payload = headers.payload.slice();
    let Some(net) = &headers.net else { return false };
    if let NetHeaders::Ipv4(ip, _) = net {
        assert_eq!(ip.header_checksum, ip.calc_header_checksum(), "IPv4 checksum: {bytes:02x?}");
    }
    let (found, right) = match (net, &headers.transport) {
        (NetHeaders::Ipv4(ip, _), Some(TransportHeader::Tcp(tcp))) => {
            (tcp.checksum, tcp.calc_checksum_ipv4(ip, payload))
        }
        (NetHeaders::Ipv4(ip, _), Some(TransportHeader::Udp(udp))) => {
            (udp.checksum, udp.calc_checksum_ipv4(ip, payload))
        }
        (NetHeaders::Ipv6(ip, _), Some(TransportHeader::Tcp(tcp))) => {
            (tcp.checksum, tcp.calc_checksum_ipv6(ip, payload))
        }
        (NetHeaders::Ipv6(ip, _), Some(TransportHeader::Udp(udp))) => {
            (udp.checksum, udp.calc_checksum_ipv6(ip, payload))
        }
        (NetHeaders::Ipv4(..) | NetHeaders::Ipv6(..) | NetHeaders::Arp(_), _) => return false,
    };
    assert_eq!(Some(found), right.ok(), "transport checksum: {bytes:02x?}");
    true
}

/// Numbers that look random and are the same in every run.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Below `limit`, by xorshift64* (Marsaglia; Vigna 2016).
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize) % limit
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.below(256) as u8).collect()
    }
}
