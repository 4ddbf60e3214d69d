//! A way of balancing, as the simulation sees it.

use xdp_lb_common::{
    Be16,
    flow::{FlowKey, Seed},
};

use super::world::World;

/// A way of balancing.
pub(super) trait Model {
    /// A service's backends have changed.
    fn follow(&mut self, world: &World, service: usize, now: u32);

    /// A second has passed.
    fn tick(&mut self, world: &World, now: u32);

    /// Where a packet is sent: a backend's index, or 0 for nowhere.
    fn send(&mut self, packet: &Packet) -> u32;

    /// Why a packet did not go to its connection's backend, though that lives. The connection had been silent for
    /// `silent` milliseconds.
    fn explain(&self, packet: &Packet, silent: u32) -> Cause;

    /// A connection has ended or is broken.
    fn forget(&mut self, serial: u32);

    /// How many slots each backend of a service owns, by index; those of others may be there too.
    fn owned(&self, service: usize, count: &mut dyn FnMut(u32));

    /// What else is known of it.
    fn facts(&self) -> Facts;
}

/// A packet of a client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet {
    /// The position of its service.
    pub(super) service: usize,
    /// Tells its connection from all others.
    pub(super) serial: u32,
    /// The connection's hash.
    pub(super) hash: u32,
    pub(super) kind: Kind,
    /// When it comes, in milliseconds.
    pub(super) now: u32,
}

/// What a packet says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It opens its connection.
    Open,
    Data,
    /// It is the last.
    Close,
}

/// Why a connection broke though its backend was alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    /// Its slot went to another backend, and nothing was known of it.
    Moved,
    /// The same, and it had been pushed out of the table.
    Evicted,
    /// It had been silent for longer than `drain_timeout`.
    Silent,
    /// There was no room for it in the table.
    Unnoted,
    /// There was no backend for it.
    Dropped,
    /// None of these: a fault in the program.
    Unexplained,
}

impl Cause {
    /// In words.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Moved => "its slot went to another backend",
            Self::Evicted => "it was evicted from the table, and its slot had gone to another backend",
            Self::Silent => "it was silent for longer than drain_timeout while its slot moved",
            Self::Unnoted => "it was not noted: the table was full",
            Self::Dropped => "there was no backend",
            Self::Unexplained => "unexplained: please report it",
        }
    }
}

/// What is known of a model in the end.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// Packets for which a table of connections was asked.
    pub(super) looked_up: u64,
    /// Most entries in the table at a time.
    pub(super) peak: u32,
    /// How often a slot got another owner.
    pub(super) moved: u64,
    /// Most slots that waited at a time, and how many seconds all of them waited together.
    pub(super) waiting: u32,
    pub(super) waited: u64,
}

/// The flow that a connection is on the wire.
pub(super) fn flow(serial: u32, service: usize, v6: bool) -> FlowKey {
    // Wellons' "lowbias32", a bijection: no two connections have the same client.
    let mut client = serial.wrapping_add(0x9e37_79b9);
    client = (client ^ (client >> 16)).wrapping_mul(0x7feb_352d);
    client = (client ^ (client >> 15)).wrapping_mul(0x846c_a68b);
    client ^= client >> 16;
    let client = if v6 { [0xb80d_0120, 0, 0, client] } else { [client, 0, 0, 0] };
    FlowKey::new(client, Be16::new(serial as u16 | 1024), Be16::new(443), service as u32)
}

/// Its hash.
pub(super) fn hash(serial: u32, service: usize, v6: bool, seed: &Seed) -> u32 {
    flow(serial, service, v6).hash(v6, seed)
}

/// Where a hash falls among `size` slots.
pub(super) const fn position(hash: u32, size: usize) -> usize {
    ((hash as u64 * size as u64) >> 32) as usize
}
