//! A backend of one service: everything that forwarding to it and translating its replies needs, in a cache line.

use crate::{
    Be16,
    abi::map_value,
    checksum::{self, Delta},
};

/// How packets reach a backend.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Destination address and port rewritten, routed; replies come back through this host.
    Nat = 1,
    /// Direct server return: only the MAC addresses rewritten.
    Dsr = 2,
}

map_value! {
    /// One backend of one service. All zero: the index is not in use.
    #[derive(Default)]
    pub struct Backend[64] {
        /// The backend's address; IPv4 in the first four bytes.
        pub address: [u8; 16],
        /// The service's address, for replies; IPv4 in the first four bytes.
        pub vip: [u8; 16],
        /// MAC address of the next hop.
        pub destination_mac: [u8; 6],
        /// The backend's port.
        pub port: Be16,
        /// MAC address of the interface the packet leaves by.
        pub source_mac: [u8; 6],
        /// The service's port.
        pub vip_port: Be16,
        /// Interface the packet leaves by; 0: the next hop is not known.
        pub ifindex: u32,
        /// Index of the service.
        pub service: u32,
        /// What replacing the VIP by the backend's address adds to a checksum over addresses.
        pub address_delta: Delta,
        /// The same for address and port: a TCP or UDP checksum's change.
        pub transport_delta: Delta,
        /// A [`Mode`].
        pub mode: u8,
        /// Reserved, zero.
        pub reserved: u8,
        /// A [`flag`] set.
        pub flags: u16,
    }
}

/// Bits of [`Backend::flags`].
pub mod flag {
    /// The index is in use.
    pub const USED: u16 = 1;
    /// The addresses are IPv6.
    pub const V6: u16 = 2;
    /// The backend is dead: connections that are noted to be on it are decided anew. A daemon that takes over goes by
    /// it, too.
    pub const DOWN: u16 = 4;
    /// The service's protocol is UDP. For a daemon that takes over; the program does not look.
    pub const UDP: u16 = 8;
    /// An operator drains it. As the next three: for a daemon that takes over.
    pub const DRAIN: u16 = 16;
    /// An operator has taken it out: to the program as good as dead.
    pub const MAINT: u16 = 32;
    /// An operator has set its weight.
    pub const WEIGHT: u16 = 64;
    /// An operator has added it: the configuration need not name it.
    pub const ADDED: u16 = 128;
    /// Too few backends are healthy: this one serves whatever its checks say.
    pub const PANIC: u16 = 256;
}

impl Backend {
    /// Whether it keeps the connections that it has: it is in use and not known to be dead.
    #[inline(always)]
    #[must_use]
    pub const fn serves(&self) -> bool {
        let down = if self.flags & flag::PANIC != 0 { 0 } else { flag::DOWN };
        self.flags & (flag::USED | flag::MAINT | down) == flag::USED
    }

    /// The checksum changes of replacing `vip` and its port by this backend's address and port.
    ///
    /// Unused bytes of an IPv4 address are zero on both sides and add nothing.
    #[must_use]
    pub fn with_deltas(mut self) -> Self {
        self.address_delta = checksum::delta(&self.vip, &self.address);
        self.transport_delta = self
            .address_delta
            .and(checksum::delta(&self.vip_port.get().to_be_bytes(), &self.port.get().to_be_bytes()));
        self
    }
}
