//! Frames, described by what matters and built by etherparse.

use std::net::{IpAddr, SocketAddr};

use etherparse::{NetHeaders, PacketBuilder, PacketHeaders, TcpHeader, TransportHeader};

/// MAC address of the client, or of the router before it.
pub(crate) const CLIENT_MAC: [u8; 6] = [2, 0, 0, 0, 0, 0xc];
/// MAC address of the backend, or of the router before it.
pub(crate) const BACKEND_MAC: [u8; 6] = [2, 0, 0, 0, 0, 0xb];

/// Bits of TCP's flags (RFC 9293, section 3.1).
pub(crate) mod tcp {
    pub(crate) const FIN: u8 = 1;
    pub(crate) const SYN: u8 = 2;
    pub(crate) const RST: u8 = 4;
    pub(crate) const ACK: u8 = 16;
}

/// What is in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum L4 {
    /// TCP SYN.
    Syn,
    /// TCP with ACK.
    Ack,
    /// TCP with these flags.
    Tcp(u8),
    /// UDP.
    Udp,
    /// UDP without a checksum.
    UdpUnsummed,
}

/// A TCP or UDP packet.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// MAC addresses: from, to.
    pub(crate) macs: ([u8; 6], [u8; 6]),
    /// Source.
    pub(crate) from: SocketAddr,
    /// Destination.
    pub(crate) to: SocketAddr,
    /// TTL or hop limit.
    pub(crate) ttl: u8,
    /// Transport.
    pub(crate) l4: L4,
    /// Payload length.
    pub(crate) payload: usize,
    /// IPv4 options, a multiple of four bytes.
    pub(crate) options: Vec<u8>,
}

impl Frame {
    /// A packet with TTL 64 and an odd payload.
    pub(crate) fn new(l4: L4, from: &str, to: &str) -> Self {
        let (from, to) = (from.parse().expect("an address"), to.parse().expect("an address"));
        Self { macs: (CLIENT_MAC, [0; 6]), from, to, ttl: 64, l4, payload: 33, options: Vec::new() }
    }

    pub(crate) fn macs(mut self, from: [u8; 6], to: [u8; 6]) -> Self {
        self.macs = (from, to);
        self
    }

    pub(crate) fn ttl(mut self, ttl: u8) -> Self {
        self.ttl = ttl;
        self
    }

    pub(crate) fn payload(mut self, payload: usize) -> Self {
        self.payload = payload;
        self
    }

    pub(crate) fn options(mut self, options: &[u8]) -> Self {
        self.options = options.to_vec();
        self
    }

    /// With other ends.
    pub(crate) fn between(mut self, from: &str, to: &str) -> Self {
        (self.from, self.to) = (from.parse().expect("an address"), to.parse().expect("an address"));
        self
    }

    /// The bytes, with right lengths and checksums.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let ethernet = PacketBuilder::ethernet2(self.macs.0, self.macs.1);
        let ip = match (self.from.ip(), self.to.ip()) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                let protocol = etherparse::IpNumber::TCP;
                let mut header =
                    etherparse::Ipv4Header::new(0, self.ttl, protocol, from.octets(), to.octets())
                        .expect("an IPv4 header");
                header.options = self.options.as_slice().try_into().expect("IPv4 options");
                header.identification = 0x1234;
                ethernet.ip(etherparse::IpHeaders::Ipv4(header, etherparse::Ipv4Extensions::default()))
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => ethernet.ipv6(from.octets(), to.octets(), self.ttl),
            (from, to) => panic!("{from} and {to} are of different families"),
        };
        let payload: Vec<u8> = (0..self.payload).map(|at| (at * 7 + 1) as u8).collect();
        let mut bytes = Vec::new();
        let (source, destination) = (self.from.port(), self.to.port());
        match self.l4 {
            L4::Syn => ip.tcp(source, destination, 1000, 64_000).syn().write(&mut bytes, &payload),
            L4::Ack => ip.tcp(source, destination, 1001, 64_000).ack(77).write(&mut bytes, &payload),
            L4::Tcp(flags) => {
                let mut header = TcpHeader::new(source, destination, 1000, 64_000);
                (header.fin, header.syn) = (flags & tcp::FIN != 0, flags & tcp::SYN != 0);
                (header.rst, header.ack) = (flags & tcp::RST != 0, flags & tcp::ACK != 0);
                header.acknowledgment_number = if header.ack { 77 } else { 0 };
                ip.tcp_header(header).write(&mut bytes, &payload)
            }
            L4::Udp | L4::UdpUnsummed => ip.udp(source, destination).write(&mut bytes, &payload),
        }
        .expect("a packet");
        if self.l4 == L4::UdpUnsummed {
            let checksum = self.l4_offset() + 6;
            bytes[checksum..checksum + 2].fill(0);
        }
        bytes
    }

    /// Where the transport header starts.
    pub(crate) fn l4_offset(&self) -> usize {
        14 + if self.from.is_ipv4() { 20 + self.options.len() } else { 40 }
    }
}

/// A packet in words, for failures.
pub(crate) fn describe(bytes: &[u8]) -> String {
    let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    match PacketHeaders::from_ethernet_slice(bytes) {
        Ok(headers) => {
            format!("{:?}\n{:?}\n{:?}\n{}", headers.link, headers.net, headers.transport, hex.concat())
        }
        Err(error) => format!("unreadable ({error}): {}", hex.concat()),
    }
}

/// Asserts that lengths agree and that every checksum of an IPv4 or IPv6, TCP, UDP or ICMP packet is right.
pub(crate) fn assert_sound(name: &str, bytes: &[u8]) {
    let headers = PacketHeaders::from_ethernet_slice(bytes)
        .unwrap_or_else(|error| panic!("{name}: a broken packet left: {error}\n{}", describe(bytes)));
    let payload = headers.payload.slice();
    let (Some(net), Some(transport)) = (&headers.net, &headers.transport) else {
        panic!("{name}: neither TCP nor UDP nor ICMP left\n{}", describe(bytes));
    };
    if let NetHeaders::Ipv4(ip, _) = net {
        assert_eq!(
            ip.header_checksum,
            ip.calc_header_checksum(),
            "{name}: IPv4 checksum\n{}",
            describe(bytes)
        );
    }
    let (sum, right) = match (net, transport) {
        (NetHeaders::Ipv4(ip, _), TransportHeader::Tcp(tcp)) => {
            (tcp.checksum, tcp.calc_checksum_ipv4(ip, payload))
        }
        (NetHeaders::Ipv4(ip, _), TransportHeader::Udp(udp)) => {
            (udp.checksum, udp.calc_checksum_ipv4(ip, payload))
        }
        (NetHeaders::Ipv6(ip, _), TransportHeader::Tcp(tcp)) => {
            (tcp.checksum, tcp.calc_checksum_ipv6(ip, payload))
        }
        (NetHeaders::Ipv6(ip, _), TransportHeader::Udp(udp)) => {
            (udp.checksum, udp.calc_checksum_ipv6(ip, payload))
        }
        (NetHeaders::Ipv4(..), TransportHeader::Icmpv4(icmp)) => {
            (icmp.checksum, Ok(icmp.icmp_type.calc_checksum(payload)))
        }
        (NetHeaders::Ipv6(ip, _), TransportHeader::Icmpv6(icmp)) => {
            (icmp.checksum, icmp.icmp_type.calc_checksum(ip.source, ip.destination, payload))
        }
        (
            NetHeaders::Ipv4(..) | NetHeaders::Ipv6(..) | NetHeaders::Arp(_),
            TransportHeader::Tcp(_)
            | TransportHeader::Udp(_)
            | TransportHeader::Icmpv4(_)
            | TransportHeader::Icmpv6(_)
            | TransportHeader::Igmp(_),
        ) => panic!("{name}: neither TCP nor UDP nor ICMP left\n{}", describe(bytes)),
    };
    let unsummed = sum == 0 && matches!(transport, TransportHeader::Udp(_));
    assert!(unsummed || right.ok() == Some(sum), "{name}: transport checksum\n{}", describe(bytes));
}
