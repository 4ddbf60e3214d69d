//! A service as the program sees it.

use crate::abi::map_value;

map_value! {
    /// One service: where its slots are.
    #[derive(Default)]
    pub struct Service[16] {
        /// First slot in the low 32 bits, number of slots in the high 32: one word, so that both change at once.
        pub table: u64,
        /// A [`Policy`], one word for the same reason.
        pub policy: u64,
    }
}

/// How backends are chosen for new connections.
#[repr(u8)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// The slot that the hash selects decides.
    #[default]
    Maglev = 0,
    /// One after the other, in the order of the sequence.
    RoundRobin = 1,
    /// The one of two with fewer connections for its share.
    LeastConnections = 2,
    /// The one of two that answers sooner, for its connections and its share.
    LeastResponseTime = 3,
}

/// Bits of [`Policy::flags`].
pub mod flag {
    /// Every flow is noted, not only those on moving slots. Algorithms other than Maglev need it.
    pub const TRACKED: u8 = 1;
    /// A client's connections go to the backend that its last one went to.
    pub const AFFINITY: u8 = 2;
    /// Clients are told when there is no backend for them.
    pub const REJECT: u8 = 4;
    /// Both directions pass here, so that both ends of a connection are seen (nat).
    pub const BOTH_WAYS: u8 = 8;
}

/// What a service's record says beside its table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// First slot of the order of turns, as long as the table; with [`Algorithm::RoundRobin`] only.
    pub sequence: u32,
    /// How backends are chosen.
    pub algorithm: Algorithm,
    /// A [`flag`] set.
    pub flags: u8,
    /// Seconds for which a client is remembered after its last connection began.
    pub affinity: u16,
}

impl Policy {
    /// As a word.
    #[must_use]
    pub const fn word(self) -> u64 {
        let upper = self.algorithm as u64 | (self.flags as u64) << 8 | (self.affinity as u64) << 16;
        self.sequence as u64 | upper << 32
    }

    /// From a word.
    #[inline(always)]
    #[must_use]
    pub const fn from_word(word: u64) -> Self {
        Self {
            sequence: word as u32,
            algorithm: match (word >> 32) as u8 {
                1 => Algorithm::RoundRobin,
                2 => Algorithm::LeastConnections,
                3 => Algorithm::LeastResponseTime,
                _ => Algorithm::Maglev,
            },
            flags: (word >> 40) as u8,
            affinity: (word >> 48) as u16,
        }
    }

    /// Whether a [`flag`] is set.
    #[inline(always)]
    #[must_use]
    pub const fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

impl Service {
    /// A service whose slots are `base .. base + size`.
    #[must_use]
    pub const fn new(base: u32, size: u32, policy: Policy) -> Self {
        Self { table: base as u64 | (size as u64) << 32, policy: policy.word() }
    }

    /// Its policy.
    #[inline(always)]
    #[must_use]
    pub const fn policy(&self) -> Policy {
        Policy::from_word(self.policy)
    }

    /// Index of the first slot.
    #[inline(always)]
    #[must_use]
    pub const fn base(&self) -> u32 {
        self.table as u32
    }

    /// Number of slots; 0: the index is not in use.
    #[inline(always)]
    #[must_use]
    pub const fn size(&self) -> u32 {
        (self.table >> 32) as u32
    }

    /// The slot that `hash` falls on: multiply-shift instead of a division, for any table size
    /// (Lemire, "Fast random integer generation in an interval", 2019).
    #[inline(always)]
    #[must_use]
    pub const fn slot_of(&self, hash: u32) -> u32 {
        self.base().wrapping_add(((hash as u64 * self.size() as u64) >> 32) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_comes_back_as_it_was() {
        for algorithm in [
            Algorithm::Maglev,
            Algorithm::RoundRobin,
            Algorithm::LeastConnections,
            Algorithm::LeastResponseTime,
        ] {
            let policy = Policy { sequence: u32::MAX, algorithm, flags: flag::REJECT, affinity: 600 };
            assert_eq!(Policy::from_word(policy.word()), policy);
        }
    }
}
