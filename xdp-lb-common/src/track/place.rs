//! Where a flow stands in its table, and how it is told from others.

use super::{Buckets, Table, bucket::Bucket, entry::TAG_BITS};
use crate::{DropReason, flow::FlowKey, mix::GOLDEN};

/// A [`FlowKey`] as words.
#[derive(Clone, Copy, Debug, Eq)]
pub struct Key([u64; 3]);

/// By hand: for an array the compiler calls a function that compares byte after byte.
impl PartialEq for Key {
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        (self.0[0] ^ other.0[0]) | (self.0[1] ^ other.0[1]) | (self.0[2] ^ other.0[2]) == 0
    }
}

impl Key {
    /// Of a flow.
    #[inline(always)]
    #[must_use]
    pub const fn new(key: &FlowKey) -> Self {
        let [a, b, c, d] = key.client;
        Self([pair(a, b), pair(c, d), pair(key.service, key.ports)])
    }

    /// The flow.
    #[must_use]
    pub const fn flow(self) -> FlowKey {
        let [first, second, third] = self.0;
        FlowKey {
            client: [first as u32, (first >> 32) as u32, second as u32, (second >> 32) as u32],
            service: third as u32,
            ports: (third >> 32) as u32,
        }
    }

    #[inline(always)]
    pub(super) const fn from_words(words: [u64; 3]) -> Self {
        Self(words)
    }

    #[inline(always)]
    pub(super) const fn words(self) -> [u64; 3] {
        self.0
    }
}

const fn pair(low: u32, high: u32) -> u64 {
    low as u64 | (high as u64) << 32
}

/// When a flow was seen last and when it was noted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// [`crate::control::Control::now`] at its last packet from the client.
    pub seen: u32,
    /// Of a connection that is being opened: microseconds on the program's clock, at its first packet, if its service
    /// measures handshakes. Otherwise [`crate::control::Control::now`] when it was noted.
    pub since: u32,
}

impl Stamp {
    /// As a word.
    #[inline(always)]
    #[must_use]
    pub const fn word(self) -> u64 {
        pair(self.seen, self.since)
    }

    /// From a word.
    #[inline(always)]
    #[must_use]
    pub const fn from_word(word: u64) -> Self {
        Self { seen: word as u32, since: (word >> 32) as u32 }
    }

    /// Seconds since it was seen; 0 if `now` is earlier.
    #[inline(always)]
    #[must_use]
    pub const fn idle(self, now: u32) -> u32 {
        let idle = now.wrapping_sub(self.seen);
        if idle.cast_signed() < 0 { 0 } else { idle }
    }
}

/// The two buckets in which a flow may stand, and its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub(super) buckets: [u32; 2],
    pub(super) tag: u32,
}

impl Place {
    /// Of a flow of `service` with this hash, in a table of `size` buckets.
    ///
    /// The hash is keyed already, so that nobody can fill a bucket on purpose; two multiplications spread it over the
    /// bits that select buckets.
    #[inline(always)]
    #[must_use]
    pub const fn new(hash: u32, service: u32, size: u32) -> Self {
        let mut z = (hash as u64 | (service as u64) << 32).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 32;
        let tag = z.wrapping_mul(GOLDEN) >> (64 - TAG_BITS);
        Self { buckets: [reduce((z >> 32) as u32, size), reduce(z as u32, size)], tag: tag as u32 }
    }

    /// One of its buckets.
    #[inline(always)]
    pub(super) fn bucket<M: Buckets>(
        self,
        memory: &M,
        table: Table,
        choice: usize,
    ) -> Result<Bucket<'_>, DropReason> {
        memory.bucket(table, self.buckets[choice & 1]).map(Bucket::new).ok_or(DropReason::Inconsistent)
    }
}

#[inline(always)]
const fn reduce(hash: u32, size: u32) -> u32 {
    ((hash as u64 * size as u64) >> 32) as u32
}
