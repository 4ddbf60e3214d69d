//! A service as the program sees it.

use crate::abi::map_value;

map_value! {
    /// One service: where its slots are.
    #[derive(Default)]
    pub struct Service[16] {
        /// First slot in the low 32 bits, number of slots in the high 32: one word, so that both change at once.
        pub table: u64,
        /// Reserved, zero.
        pub reserved: u64,
    }
}

impl Service {
    /// A service whose slots are `base .. base + size`.
    #[must_use]
    pub const fn new(base: u32, size: u32) -> Self {
        Self { table: base as u64 | (size as u64) << 32, reserved: 0 }
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
