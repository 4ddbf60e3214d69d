//! Per-CPU counters. Only the owning CPU writes one, so plain additions are enough.

use crate::abi::map_value;

map_value! {
    /// Traffic of one backend of one service: one cache line.
    ///
    /// Bytes are those of the frame as received, Ethernet header included.
    #[derive(Default)]
    pub struct BackendCounters[64] {
        /// Packets from clients.
        pub packets: u64,
        /// Bytes from clients.
        pub bytes: u64,
        /// New connections: TCP SYN without ACK. A retransmitted SYN counts again; UDP has none.
        pub connections: u64,
        /// Packets of replies (nat only: with dsr the replies do not pass here).
        pub reply_packets: u64,
        /// Bytes of replies.
        pub reply_bytes: u64,
        /// Connections that have ended, as far as it is seen: of noted flows each one, by both FINs or an RST; of others
        /// the client's FINs and RSTs.
        pub closed: u64,
        /// Reserved, zero.
        pub reserved: [u64; 2],
    }
}

map_value! {
    /// What was addressed to a service and reached no backend.
    #[derive(Default)]
    pub struct ServiceCounters[32] {
        /// Packets dropped.
        pub dropped_packets: u64,
        /// Bytes dropped.
        pub dropped_bytes: u64,
        /// Of the dropped packets, those whose senders were told: by an RST, or by ICMP.
        pub rejected_packets: u64,
        /// Flows that were not noted for want of room in the flow table.
        pub unnoted: u64,
    }
}

impl BackendCounters {
    /// Adds `other`, wrapping as the kernel side does.
    pub fn add(&mut self, other: &Self) {
        for (sum, more) in [
            (&mut self.packets, other.packets),
            (&mut self.bytes, other.bytes),
            (&mut self.connections, other.connections),
            (&mut self.reply_packets, other.reply_packets),
            (&mut self.reply_bytes, other.reply_bytes),
            (&mut self.closed, other.closed),
        ] {
            *sum = sum.wrapping_add(more);
        }
    }
}
