//! What the program asks of the daemon: to have a neighbour resolved.

use crate::abi::map_value;

map_value! {
    /// A client's next hop that the kernel has no MAC address for, sent by [`crate::map::MISSES`].
    #[derive(Default)]
    pub struct Miss[24] {
        /// Its address; IPv4 in the first four bytes.
        pub address: [u8; 16],
        /// The interface it is behind.
        pub ifindex: u32,
        /// 1: the address is IPv6.
        pub v6: u32,
    }
}

/// Bytes of the ring buffer: a page. What does not fit is asked for again by the next packet.
pub const RING: u32 = 4096;
