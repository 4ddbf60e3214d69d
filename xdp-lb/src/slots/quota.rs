//! From a table to the next one: exact shares, and no slot moved that need not move. Pure.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    net::{IpAddr, SocketAddr},
};

use xdp_lb_common::{
    mix,
    slot::{NO_BACKEND, Slot},
};

use super::{
    maglev::{self, NOBODY},
    size::next_prime,
};

/// A backend that may own slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its index in the maps.
    pub index: u32,
    /// Tells it from all others, on every host.
    pub identity: u64,
    /// Its share of new connections, relative to the others'; 0: none.
    pub weight: u32,
    /// Whether it can be reached: connections that it has are kept.
    pub lives: bool,
}

/// What tells a backend from all others on every host of a fleet: its address, not its index.
#[must_use]
pub fn identity(address: SocketAddr) -> u64 {
    // Addresses of both families are taken for sixteen bytes.
    let ip = match address.ip() {
        IpAddr::V4(ip) => mix::fnv1a(mix::fnv1a(mix::FNV_OFFSET, &ip.octets()), &[0; 12]),
        IpAddr::V6(ip) => mix::fnv1a(mix::FNV_OFFSET, &ip.octets()),
    };
    mix::fnv1a(ip, &address.port().to_be_bytes())
}

/// Who should own each of `slots`, as indices of `candidates` or [`NO_BACKEND`].
///
/// Every candidate gets its quota, which is even to within one slot of its exact share. Owners keep what they have up to
/// their quota; only the surplus is given away, to those below theirs. A table that nobody owns anything of is filled by
/// Maglev, which depends on no history.
#[must_use]
pub fn assign(slots: &[Slot], candidates: &[Candidate]) -> Vec<u32> {
    let mut owners: Vec<u32> = slots.iter().map(|slot| slot.owner()).collect();
    if slots.iter().all(|slot| slot.owner() == NO_BACKEND && !slot.is_moving()) {
        owners = first(slots.len() as u32, candidates);
    }
    let alive: HashSet<u32> =
        candidates.iter().filter(|c| c.lives).map(|candidate| candidate.index).collect();
    let mut room = Room::new(slots.len() as u32, candidates);
    // Who has too many gives away slots that are moving: they are looked up already.
    let (moving, stable): (Vec<usize>, Vec<usize>) = (0..slots.len()).partition(|&at| slots[at].is_moving());
    let mut free: Vec<usize> =
        stable.into_iter().chain(moving).filter(|&at| !room.take(owners[at])).collect();
    // Back to where its connections are, if that is possible; to whoever is below its quota otherwise.
    free.retain(|&at| {
        let previous = slots[at].previous();
        let back = alive.contains(&previous) && room.take(previous);
        if back {
            owners[at] = previous;
        }
        !back
    });
    let mut takers = candidates.iter().map(|candidate| candidate.index).peekable();
    for at in free {
        while takers.next_if(|taker| !room.has(*taker)).is_some() {}
        owners[at] = takers.peek().copied().unwrap_or(NO_BACKEND);
        room.take(owners[at]);
    }
    owners
}

/// How many slots each candidate may have beyond those it has.
struct Room(HashMap<u32, u32>);

impl Room {
    fn new(size: u32, candidates: &[Candidate]) -> Self {
        Self(candidates.iter().map(|candidate| candidate.index).zip(quotas(size, candidates)).collect())
    }

    fn has(&self, index: u32) -> bool {
        self.0.get(&index).is_some_and(|left| *left > 0)
    }

    /// Takes a slot if there is room.
    fn take(&mut self, index: u32) -> bool {
        match self.0.get_mut(&index) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            Some(_) | None => false,
        }
    }
}

/// Owners by Maglev.
fn first(size: u32, candidates: &[Candidate]) -> Vec<u32> {
    let members: Vec<_> =
        candidates.iter().map(|c| maglev::Member { identity: c.identity, weight: c.weight }).collect();
    // Maglev needs a prime; a table that has grown need not have one.
    let table = maglev::fill(next_prime(size), &members).into_iter().take(size as usize);
    table.map(|owner| if owner == NOBODY { NO_BACKEND } else { candidates[owner as usize].index }).collect()
}

/// How many of `size` slots each candidate gets: the method of largest remainders (Hamilton).
#[must_use]
pub fn quotas(size: u32, candidates: &[Candidate]) -> Vec<u32> {
    let total: u64 = candidates.iter().map(|candidate| u64::from(candidate.weight)).sum();
    if total == 0 {
        return vec![0; candidates.len()];
    }
    let exact = |candidate: &Candidate| u64::from(size) * u64::from(candidate.weight);
    let mut quotas: Vec<u32> = candidates.iter().map(|candidate| (exact(candidate) / total) as u32).collect();
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_unstable_by_key(|&at| {
        let candidate = &candidates[at];
        (Reverse(exact(candidate) % total), candidate.identity)
    });
    let left = size - quotas.iter().sum::<u32>();
    for at in order.into_iter().take(left as usize) {
        quotas[at] += 1;
    }
    quotas
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slots::{default_size, transition};
    use proptest::prelude::*;

    fn candidates(weights: &[u32]) -> Vec<Candidate> {
        let each = (1..).zip(weights);
        each.map(|(index, &weight)| Candidate { index, identity: u64::from(index), weight, lives: true })
            .collect()
    }

    /// The table once all moves have ended.
    fn settle(slots: &[Slot], candidates: &[Candidate]) -> Vec<Slot> {
        let lives =
            |index: u32| candidates.iter().any(|candidate| candidate.index == index && candidate.lives);
        let wanted = assign(slots, candidates).into_iter();
        slots
            .iter()
            .zip(wanted)
            .map(|(slot, wanted)| transition(*slot, wanted, lives).stable(wanted))
            .collect()
    }

    fn owned(slots: &[Slot], index: u32) -> usize {
        slots.iter().filter(|slot| slot.owner() == index).count()
    }

    #[track_caller]
    fn assert_exact(slots: &[Slot], candidates: &[Candidate]) {
        let total: u32 = candidates.iter().map(|candidate| candidate.weight).sum();
        for candidate in candidates.iter().filter(|_| total > 0) {
            let exact = f64::from(slots.len() as u32) * f64::from(candidate.weight) / f64::from(total);
            let owned = f64::from(owned(slots, candidate.index) as u32);
            assert!((owned - exact).abs() < 1.0, "{candidate:?} owns {owned}, {exact:.2} exact");
        }
    }

    #[test]
    fn shares_are_exact_from_the_first() {
        for weights in [&[1, 2, 3][..], &[65_535, 1], &[1; 40], &(1..=100).collect::<Vec<_>>()] {
            let candidates = candidates(weights);
            let fresh = vec![Slot::default(); default_size(weights.len() as u32) as usize];
            assert_exact(&settle(&fresh, &candidates), &candidates);
        }
    }

    #[test]
    fn nobody_gets_what_nobody_may_have() {
        let slots = vec![Slot::default().stable(1); 7];
        assert_eq!(assign(&slots, &candidates(&[0, 0])), [NO_BACKEND; 7]);
        assert_eq!(assign(&slots, &[]), [NO_BACKEND; 7]);
    }

    #[test]
    fn slots_go_back_to_where_their_connections_are() {
        let mut two = candidates(&[1, 1]);
        let slots = [Slot::default().moving(2, 1), Slot::default().stable(1)];
        two[1].lives = false;
        two[1].weight = 0;
        assert_eq!(assign(&slots, &two), [1, 1]);
    }

    proptest! {
        #[test]
        fn only_the_surplus_moves_and_shares_stay_exact(
            steps in prop::collection::vec(prop::collection::vec(0u32..=20, 6), 1..8)
        ) {
            let mut slots = vec![Slot::default(); 1021];
            for weights in steps {
                let candidates = candidates(&weights);
                let next = settle(&slots, &candidates);
                prop_assume!(weights.iter().any(|weight| *weight > 0));
                assert_exact(&next, &candidates);
                let moved = slots.iter().zip(&next).filter(|(before, after)| before.owner() != after.owner()).count();
                let gained: usize = candidates
                    .iter()
                    .map(|c| owned(&next, c.index).saturating_sub(owned(&slots, c.index)))
                    .sum();
                prop_assert_eq!(moved, gained, "more moved than those below their share had to gain");
                slots = next;
            }
        }
    }

    #[test]
    fn the_surplus_is_taken_from_slots_that_move_already() {
        let stable = Slot::default().stable(1);
        let slots = [stable.moving(1, 3), stable, stable, stable.moving(1, 3)];
        assert_eq!(assign(&slots, &candidates(&[1, 1])), [2, 1, 1, 2]);
    }
}
