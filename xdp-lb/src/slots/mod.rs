//! Slot tables: which backend owns which slot. Pure.

mod budget;
mod flows;
mod maglev;
mod moves;
mod next;
mod quota;
mod size;
mod transition;
mod turns;

pub use self::{
    budget::{Allowance, in_turn, room},
    flows::{Flows, Occupancy},
    maglev::{Member, NOBODY, fill},
    moves::Moves,
    next::{Next, next},
    quota::{Candidate, assign, identity, quotas},
    size::{default_size, size_for},
    transition::transition,
    turns::turns,
};
