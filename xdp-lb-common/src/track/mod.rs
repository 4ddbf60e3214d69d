//! Flows that are noted: which backend a connection has, and how many each backend has.
//!
//! A stable slot of a Maglev service decides alone, and nothing of this runs. Flows are noted where that will not do: on
//! moving slots, and for every flow of a *tracked* service. A flow is noted among those that are being opened
//! ([`Table::Embryos`]) when its first packet comes, and in the flow table ([`Table::Flows`]) when the client's second
//! one does: packets from made-up sources push nobody out.
//!
//! Nothing that lives is ever evicted. Where there is no room, a new connection goes where an unknown packet would go,
//! and thus needs no entry.
//!
//! The same code runs in the program and, over [`Memory`] of another kind, in the simulator.

mod affinity;
mod bucket;
mod choose;
mod decide;
mod decision;
mod entry;
mod place;
mod reply;
mod segment;
mod sweep;
mod table;

#[cfg(any(test, feature = "user"))]
mod heap;
#[cfg(test)]
mod tests;

#[cfg(any(test, feature = "user"))]
pub use self::heap::Heap;
pub use self::{
    bucket::{Bucket, CELLS, Cells, WAYS},
    decide::{Flow, admit, choose, decide, look_up},
    decision::{Decision, Event},
    entry::{Entry, Side, State},
    place::{Key, Place, Stamp},
    reply::answered,
    segment::Segment,
    sweep::{Keep, sweep, uncount},
    table::insert,
};
use crate::{atomic::Word, load::Load, slot::Slot};

/// Changed by hand with the meaning of a bucket's words; part of [`crate::ABI`].
pub(crate) const LAYOUT: u64 = 1 << 32 | CELLS as u64;

/// Tables of flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Established connections.
    Flows,
    /// Connections that are being opened.
    Embryos,
    /// Clients and the backends that they had last; their keys have no ports.
    Clients,
}

/// How many buckets a table for so many flows has: an eighth more places than flows, so that hardly any flow finds both of
/// its buckets full before.
#[must_use]
pub const fn buckets_for(flows: u32) -> u32 {
    flows.div_ceil(WAYS as u32 - 1)
}

/// How many flows a table of so many buckets is for.
#[must_use]
pub const fn flows_of(buckets: u32) -> u32 {
    buckets.saturating_mul(WAYS as u32 - 1)
}

/// Buckets of each table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableSizes {
    /// Of [`Table::Flows`].
    pub flows: u32,
    /// Of [`Table::Embryos`].
    pub embryos: u32,
    /// Of [`Table::Clients`].
    pub clients: u32,
}

/// The tables of flows.
pub trait Buckets {
    /// A bucket of a table.
    fn bucket(&self, table: Table, index: u32) -> Option<&Cells>;
}

/// The maps that decisions are made from.
pub trait Memory: Buckets {
    /// A slot, by its place among those of all services.
    fn slot(&self, index: u32) -> Option<Slot>;
    /// How loaded a backend is.
    fn load(&self, backend: u32) -> Option<Load<'_>>;
    /// Whose turn it is.
    fn turn(&self, service: u32) -> Option<&Word>;
    /// Whether a backend is one of this service and not known to be dead.
    fn serves(&self, backend: u32, service: u32) -> bool;
    /// A clock in microseconds, wrapping. Asking may be dear.
    fn micros(&self) -> u32;
}
