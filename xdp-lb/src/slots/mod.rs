//! Slot tables: which backend owns which slot. Pure.

mod maglev;
mod size;
mod transition;

pub use self::{
    maglev::{Member, NOBODY, fill},
    size::{default_size, size_for},
    transition::transition,
};
