//! Endpoints: (address, port, protocol) → service, or → backend for replies.
//!
//! A bucketed table in an array instead of a kernel hash: the daemon picks a multiplier with which no bucket overflows,
//! so a lookup is one multiplication and one or two cache lines, hit or miss.

use crate::{Be16, abi::map_value, control::TableShape};

/// Entries in a bucket: what fills a cache line with IPv4 keys.
pub const WAYS: usize = 5;

/// What an endpoint stands for. Both live in one table.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The destination of clients' packets; the value is a service index.
    Service = 1,
    /// The source of a nat backend's replies; the value is a backend index.
    Reply = 2,
}

/// What follows the address in a key. Never zero, so that a key of zeros is free.
#[inline(always)]
const fn tail(port: Be16, protocol: u8, role: Role) -> u32 {
    port.raw() as u32 | (protocol as u32) << 16 | (role as u32) << 24
}

/// An endpoint's key. The address is loaded natively from network order.
pub trait Key: Copy + Eq {
    /// The address as native words.
    type Address: Copy;

    /// The key of an endpoint.
    fn new(address: Self::Address, port: Be16, protocol: u8, role: Role) -> Self;

    /// The bucket it belongs to, relative to the table's base.
    fn bucket(self, shape: &TableShape) -> u32;
}

/// IPv4: all of it in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyV4(u64);

/// IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyV6 {
    address: [u64; 2],
    tail: u32,
}

impl Key for KeyV4 {
    type Address = u32;

    #[inline(always)]
    fn new(address: u32, port: Be16, protocol: u8, role: Role) -> Self {
        Self(address as u64 | (tail(port, protocol, role) as u64) << 32)
    }

    #[inline(always)]
    fn bucket(self, shape: &TableShape) -> u32 {
        scale(self.0.wrapping_mul(shape.multiplier), shape.buckets)
    }
}

impl Key for KeyV6 {
    type Address = [u64; 2];

    #[inline(always)]
    fn new(address: [u64; 2], port: Be16, protocol: u8, role: Role) -> Self {
        Self { address, tail: tail(port, protocol, role) }
    }

    #[inline(always)]
    fn bucket(self, shape: &TableShape) -> u32 {
        let high = self.address[0].wrapping_add(self.tail as u64).wrapping_mul(shape.multiplier);
        let low = self.address[1].wrapping_mul(shape.multiplier.rotate_left(31) | 1);
        scale(high ^ low, shape.buckets)
    }
}

/// The high half of a hash, scaled to `0..buckets`.
#[inline(always)]
const fn scale(hash: u64, buckets: u32) -> u32 {
    (((hash >> 32) * buckets as u64) >> 32) as u32
}

map_value! {
    /// Five IPv4 endpoints: one cache line.
    #[derive(Default)]
    pub struct BucketV4[64] {
        /// Keys; 0: free.
        pub keys: [u64; WAYS],
        /// Service or backend indices.
        pub values: [u32; WAYS],
        /// Zero.
        pub reserved: u32,
    }
}

map_value! {
    /// Five IPv6 endpoints: two cache lines.
    #[derive(Default)]
    pub struct BucketV6[128] {
        /// First halves of the addresses.
        pub high: [u64; WAYS],
        /// Second halves.
        pub low: [u64; WAYS],
        /// Port, protocol and role; 0: free.
        pub tails: [u32; WAYS],
        /// Service or backend indices.
        pub values: [u32; WAYS],
        /// Zero.
        pub reserved: [u32; 2],
    }
}

/// A bucket of one address family.
pub trait Bucket: Copy + Default {
    /// The family's key.
    type Key: Key;

    /// The value stored under `key`.
    fn find(&self, key: Self::Key) -> Option<u32>;

    /// Puts an entry in a free place; `false`: there is none.
    #[must_use]
    fn insert(&mut self, key: Self::Key, value: u32) -> bool;
}

impl Bucket for BucketV4 {
    type Key = KeyV4;

    #[inline(always)]
    fn find(&self, key: KeyV4) -> Option<u32> {
        (0..WAYS).find(|&way| self.keys[way] == key.0).map(|way| self.values[way])
    }

    fn insert(&mut self, key: KeyV4, value: u32) -> bool {
        let Some(way) = self.keys.iter().position(|&key| key == 0) else { return false };
        self.keys[way] = key.0;
        self.values[way] = value;
        true
    }
}

impl Bucket for BucketV6 {
    type Key = KeyV6;

    #[inline(always)]
    fn find(&self, key: KeyV6) -> Option<u32> {
        (0..WAYS)
            .find(|&way| {
                self.low[way] == key.address[1]
                    && self.tails[way] == key.tail
                    && self.high[way] == key.address[0]
            })
            .map(|way| self.values[way])
    }

    fn insert(&mut self, key: KeyV6, value: u32) -> bool {
        let Some(way) = self.tails.iter().position(|&tail| tail == 0) else { return false };
        self.high[way] = key.address[0];
        self.low[way] = key.address[1];
        self.tails[way] = key.tail;
        self.values[way] = value;
        true
    }
}
