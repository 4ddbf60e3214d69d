//! Slot tables: which backend owns which slot. Pure.

mod maglev;
mod quota;
mod size;
mod transition;
mod turns;

pub use self::{
    maglev::{Member, NOBODY, fill},
    quota::{Candidate, assign},
    size::{default_size, size_for},
    transition::transition,
    turns::turns,
};
