//! What IPv4 and IPv6 do differently. Everything else is written once, over this trait.

use aya_ebpf::maps::Array;
use network_types::ip::{Ipv4Hdr, Ipv6Hdr};
use xdp_lb_common::{
    Be16,
    checksum::{Delta, Sum},
    control::{Control, TableShape},
    endpoint::{Bucket, BucketV4, BucketV6, Key},
    flow,
};

use crate::{
    endpoint,
    packet::{Packet, Word},
    parse::{self, Datagram, L3},
};

/// An address family.
pub(crate) trait Family {
    /// An address, as native words of network order.
    type Address: Copy;
    /// A bucket of the family's endpoint table.
    type Bucket: Bucket<Key: Key<Address = Self::Address>> + 'static;
    /// `AF_INET` or `AF_INET6`, for the routing helper.
    const AF: u8;
    /// Length of a header without options, in bytes.
    const HEADER: usize;
    /// How ICMP says that a port is unreachable.
    const PORT_UNREACHABLE: PortUnreachable;

    /// The family's endpoint table.
    fn endpoints() -> &'static Array<Self::Bucket>;
    /// The table's shape in each generation.
    fn shapes(control: &Control) -> &[TableShape; 2];
    /// See [`parse`].
    fn parse(packet: &mut Packet<'_>) -> Option<Datagram<Self::Address>>;
    /// The flow hash of a client's packet.
    fn hash(client: Self::Address, client_port: Be16, service_port: Be16, seed: &flow::Seed) -> u32;
    /// An address as backends are stored: IPv4 in the first four bytes.
    fn address(bytes: &[u8; 16]) -> Self::Address;
    /// An address as four words, IPv4 in the first: how the routing helper and the flow table take it.
    fn words(address: Self::Address) -> [u32; 4];
    /// Replaces the destination or the source; `delta` is what that adds to a checksum over addresses.
    fn rewrite(packet: &mut Packet<'_>, side: Side, address: Self::Address, delta: Delta) -> Option<()>;
    /// Lowers the TTL or hop limit by one. The caller knows that it is above one.
    fn decrement_ttl(packet: &mut Packet<'_>) -> Option<()>;
    /// Whether an address defines a single host that can be answered (RFC 1122, section 3.2.2; RFC 4443, section 2.4
    /// (e)).
    fn is_one_host(address: Self::Address) -> bool;
    /// Writes the header, without options, of a packet of this host's own: `length` bytes follow it.
    fn write_header(
        packet: &mut Packet<'_>,
        source: Self::Address,
        destination: Self::Address,
        protocol: u8,
        length: u16,
    ) -> Option<()>;
}

/// How ICMP says that a port is unreachable.
pub(crate) struct PortUnreachable {
    /// ICMP's number in IP headers.
    pub(crate) protocol: u8,
    /// Type and code.
    pub(crate) message: [u8; 2],
    /// Whether the checksum covers the pseudo-header too.
    pub(crate) pseudo_header: bool,
    /// Most bytes that such a packet may have, so that it needs no fragments anywhere.
    pub(crate) size: usize,
}

/// Which end of a packet is rewritten.
#[derive(Clone, Copy)]
pub(crate) enum Side {
    /// Destination: towards a backend.
    Destination,
    /// Source: towards a client.
    Source,
}

/// IPv4.
pub(crate) struct V4;
/// IPv6.
pub(crate) struct V6;

/// TTL or hop limit of what the program sends by itself.
const TTL: u8 = 64;

/// What lowering the TTL, the first byte of its 16-bit word, by one adds to a checksum.
const TTL_DELTA: Delta = Delta::word(u16::from_ne_bytes([1, 0]), 0);

impl Family for V4 {
    type Address = u32;
    type Bucket = BucketV4;
    const AF: u8 = 2;
    const HEADER: usize = size_of::<Ipv4Hdr>();
    // RFC 792; RFC 1812, section 4.3.2.3.
    const PORT_UNREACHABLE: PortUnreachable =
        PortUnreachable { protocol: 1, message: [3, 3], pseudo_header: false, size: 576 };

    #[inline(always)]
    fn endpoints() -> &'static Array<BucketV4> {
        &endpoint::ENDPOINTS_V4
    }

    #[inline(always)]
    fn shapes(control: &Control) -> &[TableShape; 2] {
        &control.v4
    }

    #[inline(always)]
    fn parse(packet: &mut Packet<'_>) -> Option<Datagram<u32>> {
        parse::ipv4(packet)
    }

    #[inline(always)]
    fn hash(client: u32, client_port: Be16, service_port: Be16, seed: &flow::Seed) -> u32 {
        flow::hash([client], client_port, service_port, seed)
    }

    #[inline(always)]
    fn address(bytes: &[u8; 16]) -> u32 {
        u32::load(bytes)
    }

    #[inline(always)]
    fn words(address: u32) -> [u32; 4] {
        [address, 0, 0, 0]
    }

    #[inline(always)]
    fn rewrite(packet: &mut Packet<'_>, side: Side, address: u32, delta: Delta) -> Option<()> {
        let ip = packet.at::<Ipv4Hdr>(L3)?;
        match side {
            Side::Destination => address.store(&mut ip.dst_addr),
            Side::Source => address.store(&mut ip.src_addr),
        }
        delta.apply(u16::load(&ip.check)).store(&mut ip.check);
        Some(())
    }

    #[inline(always)]
    fn decrement_ttl(packet: &mut Packet<'_>) -> Option<()> {
        let ip = packet.at::<Ipv4Hdr>(L3)?;
        ip.ttl = ip.ttl.wrapping_sub(1);
        TTL_DELTA.apply(u16::load(&ip.check)).store(&mut ip.check);
        Some(())
    }

    #[inline(always)]
    fn is_one_host(address: u32) -> bool {
        // "This network", loopback, multicast, class E with the limited broadcast.
        !matches!(address.to_ne_bytes()[0], 0 | 127 | 224..)
    }

    #[inline(always)]
    fn write_header(
        packet: &mut Packet<'_>,
        source: u32,
        destination: u32,
        protocol: u8,
        length: u16,
    ) -> Option<()> {
        let ip = packet.at::<Ipv4Hdr>(L3)?;
        *ip = Ipv4Hdr {
            vihl: 0x45,
            tos: 0,
            tot_len: (size_of::<Ipv4Hdr>() as u16 + length).to_be_bytes(),
            // Never to be fragmented, so that it needs no identification (RFC 6864, section 4.1).
            id: [0; 2],
            frags: [0x40, 0],
            ttl: TTL,
            proto: protocol,
            check: [0; 2],
            src_addr: source.to_ne_bytes(),
            dst_addr: destination.to_ne_bytes(),
        };
        let header = packet.at::<[u8; size_of::<Ipv4Hdr>()]>(L3)?;
        let words = header.as_chunks::<4>().0.iter().map(|word| u32::load(word));
        let sum = words.fold(Sum::default(), Sum::and);
        sum.checksum().store(&mut packet.at::<Ipv4Hdr>(L3)?.check);
        Some(())
    }
}

impl Family for V6 {
    type Address = [u64; 2];
    type Bucket = BucketV6;
    const AF: u8 = 10;
    const HEADER: usize = size_of::<Ipv6Hdr>();
    // RFC 4443, sections 2.3 and 3.1; RFC 8200, section 5.
    const PORT_UNREACHABLE: PortUnreachable =
        PortUnreachable { protocol: 58, message: [1, 4], pseudo_header: true, size: 1280 };

    #[inline(always)]
    fn endpoints() -> &'static Array<BucketV6> {
        &endpoint::ENDPOINTS_V6
    }

    #[inline(always)]
    fn shapes(control: &Control) -> &[TableShape; 2] {
        &control.v6
    }

    #[inline(always)]
    fn parse(packet: &mut Packet<'_>) -> Option<Datagram<[u64; 2]>> {
        parse::ipv6(packet)
    }

    #[inline(always)]
    fn hash(client: [u64; 2], client_port: Be16, service_port: Be16, seed: &flow::Seed) -> u32 {
        flow::hash(Self::words(client), client_port, service_port, seed)
    }

    #[inline(always)]
    fn address(bytes: &[u8; 16]) -> [u64; 2] {
        [u64::load(&bytes[..8]), u64::load(&bytes[8..])]
    }

    #[inline(always)]
    fn words([high, low]: [u64; 2]) -> [u32; 4] {
        let split = |word: u64| if cfg!(target_endian = "little") { word } else { word.rotate_left(32) };
        [split(high) as u32, (split(high) >> 32) as u32, split(low) as u32, (split(low) >> 32) as u32]
    }

    #[inline(always)]
    fn rewrite(packet: &mut Packet<'_>, side: Side, [high, low]: [u64; 2], _delta: Delta) -> Option<()> {
        let ip = packet.at::<Ipv6Hdr>(L3)?;
        let field = match side {
            Side::Destination => &mut ip.dst_addr,
            Side::Source => &mut ip.src_addr,
        };
        high.store(&mut field[..8]);
        low.store(&mut field[8..]);
        Some(())
    }

    #[inline(always)]
    fn decrement_ttl(packet: &mut Packet<'_>) -> Option<()> {
        let ip = packet.at::<Ipv6Hdr>(L3)?;
        ip.hop_limit = ip.hop_limit.wrapping_sub(1);
        Some(())
    }

    #[inline(always)]
    fn is_one_host([high, low]: [u64; 2]) -> bool {
        // Multicast; the unspecified address and loopback.
        let multicast = high.to_ne_bytes()[0] == 0xff;
        !multicast && (high != 0 || u64::from_be(low) > 1)
    }

    #[inline(always)]
    fn write_header(
        packet: &mut Packet<'_>,
        source: [u64; 2],
        destination: [u64; 2],
        protocol: u8,
        length: u16,
    ) -> Option<()> {
        *packet.at::<Ipv6Hdr>(L3)? = Ipv6Hdr {
            vcf: [0x60, 0, 0, 0],
            payload_len: length.to_be_bytes(),
            next_hdr: protocol,
            hop_limit: TTL,
            src_addr: [0; 16],
            dst_addr: [0; 16],
        };
        Self::rewrite(packet, Side::Source, source, Delta::default())?;
        Self::rewrite(packet, Side::Destination, destination, Delta::default())
    }
}
