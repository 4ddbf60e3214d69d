//! How many slots may be away from their previous backends at once: their connections must fit into the flow table.
//! Pure.
//!
//! A slot is *away* while its window is open and somebody else owns it: then all of its connections are noted. What would
//! move beyond that waits with its owner. Nothing is lost by it but time, and nothing is lost either if the table turns
//! out to be too small all the same, as long as no window ends meanwhile: see [`xdp_lb_common::slot`].

use std::collections::HashMap;

use xdp_lb_common::slot::Slot;

use super::{quota::Candidate, transition::begins};

/// How many of a service's slots may be away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// So many at once.
    pub most: u32,
    /// Whether those above it go back to their previous backends, as far as those live; otherwise they may stay away.
    pub give_back: bool,
}

impl Allowance {
    /// As many as there are.
    pub const UNLIMITED: Self = Self { most: u32::MAX, give_back: false };
}

/// How many entries of a flow table for `capacity` flows moves may take: more than half and some flow would find both of
/// its buckets full.
#[must_use]
pub fn room(capacity: u32) -> f64 {
    f64::from(capacity) / 2.0
}

/// The positions of services with slots that wait, in the order in which they are served; another comes first each time.
pub fn in_turn(waiting: impl Iterator<Item = u32>, turn: &mut usize) -> Vec<usize> {
    let mut order: Vec<usize> =
        (0..).zip(waiting).filter(|(_, waiting)| *waiting > 0).map(|(at, _)| at).collect();
    if !order.is_empty() {
        let first = *turn % order.len();
        order.rotate_left(first);
        *turn = turn.wrapping_add(1);
    }
    order
}

/// Whether a slot is away from its previous backend.
pub(super) fn is_away(slot: Slot) -> bool {
    slot.is_open() && slot.owner() != slot.previous()
}

/// Takes back from `wanted`, the owners that slots should have, what is not allowed; returns how many slots wait.
/// `allowance` is asked for if it matters.
///
/// Slots of dead backends never wait, nor do those that go back to their previous backend or are away already. Backends
/// that should have no slots at all are served first, each in turn, and slots that have moved less often before others,
/// so that none waits for ever.
pub(super) fn hold_back(
    slots: &[Slot],
    wanted: &mut [u32],
    candidates: &[Candidate],
    allowance: impl FnOnce() -> Allowance,
) -> u32 {
    let known: HashMap<u32, &Candidate> = candidates.iter().map(|c| (c.index, c)).collect();
    let lives = |backend| known.get(&backend).is_some_and(|candidate| candidate.lives);
    let drains = |backend| known.get(&backend).is_none_or(|candidate| candidate.weight == 0);
    let stays_away = |at: &usize| {
        let (slot, previous) = (slots[*at], slots[*at].previous());
        is_away(slot) && wanted[*at] != previous && lives(previous)
    };
    let away: Vec<usize> = (0..slots.len()).filter(stays_away).collect();
    let leaves = |at: &usize| {
        let slot = slots[*at];
        let is_back = slot.is_open() && !is_away(slot) && slot.owner() != wanted[*at];
        begins(slot, wanted[*at], lives) || (is_back && lives(slot.owner()))
    };
    let mut leaving: Vec<usize> = (0..slots.len()).filter(leaves).collect();
    if away.is_empty() && leaving.is_empty() {
        return 0;
    }
    let Allowance { most, give_back } = allowance();
    let room = (most as usize).saturating_sub(away.len());
    if leaving.len() > room {
        leaving = ordered(slots, leaving, drains).split_off(room);
    } else {
        leaving.clear();
    }
    let excess = if give_back { away.len().saturating_sub(most as usize) } else { 0 };
    let mut back = away;
    // What drains goes on, if others can give way.
    back.sort_by_key(|at| drains(slots[*at].previous()));
    back.truncate(excess);
    for &at in leaving.iter().chain(&back) {
        let slot = slots[at];
        wanted[at] = if slot.is_open() { slot.previous() } else { slot.owner() };
    }
    (leaving.len() + back.len()) as u32
}

/// Positions of slots that are to leave their owners, in the order in which they may.
fn ordered(slots: &[Slot], mut leaving: Vec<usize>, drains: impl Fn(u32) -> bool) -> Vec<usize> {
    leaving.sort_by_key(|&at| slots[at].generation());
    let mut turns: HashMap<u32, u32> = HashMap::new();
    let mut ranked: Vec<_> = leaving
        .into_iter()
        .map(|at| {
            let turn = turns.entry(slots[at].owner()).or_default();
            *turn += 1;
            (!drains(slots[at].owner()), *turn, at)
        })
        .collect();
    ranked.sort_by_key(|&(stays, turn, _)| (stays, turn));
    ranked.into_iter().map(|(_, _, at)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slots::next;
    use proptest::prelude::*;

    fn candidates(weights: &[u32], dead: Option<u32>) -> Vec<Candidate> {
        let candidate = |(index, &weight): (u32, &u32)| {
            let lives = dead != Some(index);
            Candidate { index, identity: u64::from(index), weight: if lives { weight } else { 0 }, lives }
        };
        (1..).zip(weights).map(candidate).collect()
    }

    fn at_most(most: u32) -> Allowance {
        Allowance { most, give_back: false }
    }

    fn out(slots: &[Slot]) -> u32 {
        slots.iter().filter(|slot| is_away(**slot)).count() as u32
    }

    fn owned(slots: &[Slot], index: u32) -> usize {
        slots.iter().filter(|slot| slot.owner() == index).count()
    }

    fn filled(weights: &[u32]) -> Vec<Slot> {
        next(&[Slot::default(); 211], &candidates(weights, None), || Allowance::UNLIMITED).table
    }

    #[test]
    fn a_slot_at_its_previous_backend_waits_as_a_stable_one_does() {
        let slot = Slot::default().moving(1, 1);
        let mut wanted = [2, 2];
        let slots = [slot, slot.owned_by(3)];
        assert_eq!(hold_back(&slots, &mut wanted, &candidates(&[1, 1, 1], None), || at_most(1)), 1);
        assert_eq!(wanted, [1, 2]);
    }

    #[test]
    fn what_drains_goes_first() {
        let slots = [Slot::default().stable(1), Slot::default().stable(2), Slot::default().stable(2)];
        let mut wanted = [3, 3, 3];
        assert_eq!(hold_back(&slots, &mut wanted, &candidates(&[1, 0, 1], None), || at_most(2)), 1);
        assert_eq!(wanted, [1, 3, 3]);
    }

    #[test]
    fn the_excess_goes_back_to_backends_that_live() {
        let weights = [1, 1, 1, 0];
        let slots =
            [Slot::default().moving(3, 4), Slot::default().moving(3, 1), Slot::default().moving(3, 2)];
        let allowance = Allowance { most: 1, give_back: true };
        for (dead, held, expected) in [(None, 2, [3, 1, 2]), (Some(1), 1, [3, 3, 2])] {
            let mut wanted = [3, 3, 3];
            assert_eq!(hold_back(&slots, &mut wanted, &candidates(&weights, dead), || allowance), held);
            assert_eq!(wanted, expected);
        }
    }

    proptest! {
        #[test]
        fn no_more_are_away_than_allowed_and_dead_backends_own_nothing(
            steps in prop::collection::vec((prop::collection::vec(0u32..5, 5), 0u32..60, any::<bool>(), 0u32..8), 1..12)
        ) {
            let mut slots = filled(&[1; 5]);
            for (mut weights, most, give_back, dead) in steps {
                weights[0] += 1;
                let candidates = candidates(&weights, Some(dead).filter(|dead| (2..=5).contains(dead)));
                let after = next(&slots, &candidates, || Allowance { most, give_back }).table;
                prop_assert!(out(&after) <= most.max(out(&slots)));
                prop_assert!(!give_back || out(&after) <= most);
                prop_assert!(dead < 2 || owned(&after, dead) == 0);
                slots = after;
            }
        }

        /// However little is allowed, every backend that should have nothing has nothing in the end, and shares are exact.
        #[test]
        fn every_drain_ends(weights in prop::collection::vec(0u32..4, 6), most in 1u32..20) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let mut slots = filled(&[1; 6]);
            let candidates = candidates(&weights, None);
            let mut waiting = u32::MAX;
            while waiting > 0 {
                let step = next(&slots, &candidates, || at_most(most));
                prop_assert!(step.waiting < waiting, "no progress");
                waiting = step.waiting;
                slots = step.table.iter().map(|slot| slot.stable(slot.owner())).collect();
            }
            let exact = next(&slots, &candidates, || Allowance::UNLIMITED).table;
            prop_assert_eq!(slots, exact);
        }
    }
}
