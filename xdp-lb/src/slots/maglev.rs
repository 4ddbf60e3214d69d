//! Weighted Maglev hashing (Eisenbud et al., "Maglev", NSDI 2016, section 3.4).
//!
//! Depends on nothing but the members, so that every host that knows them fills the same table.

use xdp_lb_common::mix::splitmix;

/// What owns a slot where there is no member with any weight.
pub const NOBODY: u32 = u32::MAX;

/// A candidate for slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Tells it from all others, on every host: derived from its address.
    pub identity: u64,
    /// Its share, relative to the others'; 0: none.
    pub weight: u32,
}

/// The owner of each of `size` slots, as positions in `members`. The order of `members` does not matter.
///
/// `size` must be a prime: only then does every step visit all slots. Members take turns in the order of their
/// preference lists; a member takes one whenever the weight that it gathers, round by round, reaches the largest
/// weight of all, so that shares are proportional and turns are spread.
#[must_use]
pub fn fill(size: u32, members: &[Member]) -> Vec<u32> {
    let mut table = vec![NOBODY; size as usize];
    let mut walkers: Vec<Walker> =
        (0..).zip(members).filter_map(|(at, member)| Walker::new(at, member, size)).collect();
    walkers.sort_unstable_by_key(|walker| walker.identity);
    let Some(largest) = walkers.iter().map(|walker| walker.weight).max() else { return table };
    let mut free = table.len();
    loop {
        for walker in &mut walkers {
            walker.gathered += walker.weight;
            if walker.gathered < largest {
                continue;
            }
            walker.gathered -= largest;
            let slot = walker.next_free(&table, size);
            table[slot as usize] = walker.member;
            free -= 1;
            if free == 0 {
                return table;
            }
        }
    }
}

/// A member on its way along its preference list: `next`, `next + step`, … modulo the table's size.
struct Walker {
    member: u32,
    identity: u64,
    weight: u64,
    gathered: u64,
    next: u32,
    step: u32,
}

impl Walker {
    fn new(member: u32, &Member { identity, weight }: &Member, size: u32) -> Option<Self> {
        let hash = splitmix(identity);
        let next = (hash % u64::from(size)) as u32;
        let step = (splitmix(hash) % u64::from(size - 1).max(1)) as u32 + 1;
        let weight = u64::from(weight);
        (weight > 0).then_some(Self { member, identity, weight, gathered: 0, next, step })
    }

    fn next_free(&mut self, table: &[u32], size: u32) -> u32 {
        loop {
            let slot = self.next;
            self.next = (u64::from(slot) + u64::from(self.step)).rem_euclid(u64::from(size)) as u32;
            if table[slot as usize] == NOBODY {
                return slot;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn members(weights: &[u32]) -> Vec<Member> {
        (1..).zip(weights).map(|(identity, &weight)| Member { identity, weight }).collect()
    }

    fn counts(table: &[u32], members: usize) -> Vec<u32> {
        let mut counts = vec![0; members];
        for &owner in table {
            counts[owner as usize] += 1;
        }
        counts
    }

    /// Every share within `tolerance` (relative) of its weight's.
    fn check(size: u32, weights: &[u32], tolerance: f64) {
        let table = fill(size, &members(weights));
        let total: u32 = weights.iter().sum();
        for (at, (&count, &weight)) in counts(&table, weights.len()).iter().zip(weights).enumerate() {
            let exact = f64::from(size) * f64::from(weight) / f64::from(total);
            let off = (f64::from(count) - exact).abs();
            assert!(
                off <= (exact * tolerance).max(1.0),
                "member {at} of {weights:?}: {count} slots, {exact:.1} exact"
            );
        }
    }

    #[test]
    fn shares_follow_weights() {
        check(1021, &[1, 2, 3], 0.01);
        check(4093, &[1; 40], 0.01);
        check(65_537, &[65_535, 1], 0.01);
        check(10_007, &(1..=100).collect::<Vec<_>>(), 0.02);
    }

    #[test]
    fn nobody_owns_anything_where_nobody_has_weight() {
        assert_eq!(fill(7, &members(&[0, 0])), [NOBODY; 7]);
        assert_eq!(fill(7, &[]), [NOBODY; 7]);
        assert_eq!(fill(2, &members(&[1])), [0; 2]);
    }

    #[test]
    fn a_removal_moves_little_beyond_the_removed_share() {
        let all = members(&[1; 20]);
        let (before, after) = (fill(65_537, &all), fill(65_537, &all[..19]));
        let moved =
            before.iter().zip(&after).filter(|(before, after)| **before != 19 && before != after).count();
        // The paper sees a few percent at this size.
        assert!(moved < 65_537 * 4 / 100, "{moved} slots of living members moved");
    }

    proptest! {
        #[test]
        fn order_does_not_matter(mut weights in proptest::collection::vec(0u32..20, 1..12)) {
            weights.push(1);
            let ordered = members(&weights);
            let reversed: Vec<_> = ordered.iter().rev().copied().collect();
            let last = ordered.len() as u32 - 1;
            let mirrored: Vec<_> = fill(1021, &reversed).iter().map(|&owner| last - owner).collect();
            prop_assert_eq!(fill(1021, &ordered), mirrored);
        }
    }
}
