//! What IPv4 and IPv6 do differently. Everything else is written once, over this trait.

use aya_ebpf::maps::Array;
use network_types::ip::{Ipv4Hdr, Ipv6Hdr};
use xdp_lb_common::{
    Be16,
    checksum::Delta,
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

/// What lowering the TTL, the first byte of its 16-bit word, by one adds to a checksum.
const TTL_DELTA: Delta = Delta::word(u16::from_ne_bytes([1, 0]), 0);

impl Family for V4 {
    type Address = u32;
    type Bucket = BucketV4;
    const AF: u8 = 2;

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
}

impl Family for V6 {
    type Address = [u64; 2];
    type Bucket = BucketV6;
    const AF: u8 = 10;

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
}
