//! The one record that the program reads first: which generation of the endpoint tables is in force.

use crate::{abi::map_value, flow::Seed, track::TableSizes};

map_value! {
    /// Where one generation of an endpoint table stands in its array, and how keys map to buckets.
    #[derive(Default)]
    pub struct TableShape[16] {
        /// Odd multiplier, chosen by the daemon so that no bucket overflows.
        pub multiplier: u64,
        /// Index of the first bucket.
        pub base: u32,
        /// Number of buckets; 0: the table is empty.
        pub buckets: u32,
    }
}

map_value! {
    /// Read once per packet. The daemon fills the generation that is not active, then flips `active`.
    #[derive(Default)]
    pub struct Control[120] {
        /// The generation in force: 0 or 1.
        pub active: u32,
        /// A [`flag`] set.
        pub flags: u32,
        /// Seconds on the daemon's clock (since boot), stored once a second: asking the kernel for the time costs as
        /// much as all the rest of a packet's way.
        pub now: u32,
        /// Buckets of the flow table.
        pub flows: u32,
        /// Key of the flow hash.
        pub seed: Seed,
        /// IPv4 endpoint tables, by generation.
        pub v4: [TableShape; 2],
        /// IPv6 endpoint tables, by generation.
        pub v6: [TableShape; 2],
        /// Buckets of the table of connections that are being opened.
        pub embryos: u32,
        /// Buckets of the table of clients.
        pub clients: u32,
    }
}

/// Bits of [`Control::flags`].
pub mod flag {
    /// Packets leave by redirect even where they came in, never by `XDP_TX`.
    pub const REDIRECT_ONLY: u32 = 1;
}

impl Control {
    /// The sizes of the tables of flows.
    #[inline(always)]
    #[must_use]
    pub const fn tables(&self) -> TableSizes {
        TableSizes { flows: self.flows, embryos: self.embryos, clients: self.clients }
    }
}
