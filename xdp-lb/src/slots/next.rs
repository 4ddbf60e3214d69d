//! A table's next state. Pure.

use std::collections::HashSet;

use xdp_lb_common::slot::Slot;

use super::{
    budget::{Allowance, hold_back},
    quota::{Candidate, assign},
    transition::transition,
};

/// A table's next state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// The slots.
    pub table: Vec<Slot>,
    /// How many of them wait: another backend should own them, but the flow table has no room for their connections.
    pub waiting: u32,
}

/// What becomes of `slots` once `candidates` have got their shares. How many slots may be away is asked for if it matters.
pub fn next(slots: &[Slot], candidates: &[Candidate], allowance: impl FnOnce() -> Allowance) -> Next {
    let mut wanted = assign(slots, candidates);
    let waiting = hold_back(slots, &mut wanted, candidates, allowance);
    let living: HashSet<u32> =
        candidates.iter().filter(|c| c.lives).map(|candidate| candidate.index).collect();
    let each = slots.iter().zip(wanted);
    let table = each.map(|(slot, wanted)| transition(*slot, wanted, |backend| living.contains(&backend)));
    Next { table: table.collect(), waiting }
}
