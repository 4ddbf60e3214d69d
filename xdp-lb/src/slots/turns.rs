//! Whose turn it is: the order of a round-robin service's backends. Pure.

use std::collections::BTreeMap;

use xdp_lb_common::slot::{NO_BACKEND, Slot};

/// The owners of `slots` in an order in which each has its turns as evenly spread as can be.
///
/// The turn `k` of `n` of a backend is due in the middle of its part of the round, `(k + 1/2) / n`: at every moment each
/// backend has had its share, to within one turn or so, as in smooth weighted round-robin.
#[must_use]
pub fn turns(slots: &[Slot]) -> Vec<Slot> {
    let mut owned: BTreeMap<u32, u64> = BTreeMap::new();
    for slot in slots.iter().filter(|slot| slot.owner() != NO_BACKEND) {
        *owned.entry(slot.owner()).or_default() += 1;
    }
    let mut due: Vec<(u64, u64, u32)> =
        owned.iter().flat_map(|(owner, n)| (0..*n).map(|k| (2 * k + 1, *n, *owner))).collect();
    due.sort_unstable_by(|(a, m, left), (b, n, right)| (a * n).cmp(&(b * m)).then(left.cmp(right)));
    let order = due.into_iter().map(|(_, _, owner)| Slot::default().stable(owner));
    let mut turns: Vec<Slot> = order.collect();
    // As many as there are slots, whoever owns them: the round then begins anew.
    let full = turns.len();
    while turns.len() < slots.len() {
        turns.push(turns.get(turns.len() - full).copied().unwrap_or_default());
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(owned: &[u32]) {
        let of = |(owner, count): (u32, &u32)| vec![Slot::default().stable(owner); *count as usize];
        let slots: Vec<Slot> = (1..).zip(owned).flat_map(of).collect();
        let turns = turns(&slots);
        assert_eq!(turns.len(), slots.len());
        let mut had = vec![0; owned.len()];
        for (turn, slot) in (1..).zip(&turns) {
            had[slot.owner() as usize - 1] += 1;
            for (had, owned) in had.iter().zip(owned) {
                let due = f64::from(turn) * f64::from(*owned) / f64::from(slots.len() as u32);
                assert!((f64::from(*had) - due).abs() <= 1.5, "turn {turn}: {had} turns, {due:.2} due");
            }
        }
        assert_eq!(had, owned);
    }

    #[test]
    fn everybody_has_his_share_at_every_moment() {
        check(&[340, 340, 341]);
        check(&[500, 300, 200, 10, 1]);
        check(&[1000, 1]);
        check(&[7; 30]);
    }

    #[test]
    fn nobody_has_turns_where_nobody_owns_slots() {
        assert_eq!(turns(&[Slot::default(); 3]), [Slot::default(); 3]);
        let one = Slot::default().stable(1);
        assert_eq!(turns(&[Slot::default(), one, Slot::default()]), [one; 3]);
    }
}
