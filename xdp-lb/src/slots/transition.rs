//! What becomes of a slot when another backend should own it: established connections stay where they are.

use xdp_lb_common::slot::{NO_BACKEND, Slot};

/// The slot after `wanted` should own it. `lives` tells whether a backend can still be reached.
///
/// - A stable slot of a living backend starts to move; one of a dead backend is given away at once: there is nothing to
///   keep.
/// - A slot whose window is open changes its owner at once. Whatever the owners so far were given is noted; what is not
///   noted still belongs to the previous backend, and to nobody once that is dead.
/// - On a settling slot what is not noted belongs to the owner: the window is opened anew if that lives.
#[must_use]
pub fn transition(slot: Slot, wanted: u32, lives: impl Fn(u32) -> bool) -> Slot {
    let keeps = |backend| backend != NO_BACKEND && lives(backend);
    if begins(slot, wanted, keeps) {
        return if slot.is_settling() { slot.reopened(wanted) } else { slot.moving(wanted, slot.owner()) };
    }
    if slot.is_moving() {
        let slot = slot.owned_by(wanted);
        return if keeps(slot.previous()) { slot } else { slot.bereft() };
    }
    slot.stable(wanted)
}

/// Whether a window would open if `wanted` got a slot: connections of an owner that lives stay there.
pub(super) fn begins(slot: Slot, wanted: u32, keeps: impl Fn(u32) -> bool) -> bool {
    !slot.is_open() && slot.owner() != wanted && keeps(slot.owner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DEAD: u32 = 7;

    fn check(before: Slot, wanted: u32, after: Slot) {
        assert_eq!(
            transition(before, wanted, |backend| backend != DEAD),
            after,
            "{before:?} wanted by {wanted}"
        );
    }

    #[test]
    fn stable_slots() {
        let of = |owner| Slot::default().stable(owner);
        check(of(1), 1, of(1));
        check(of(1), 2, of(1).moving(2, 1));
        check(of(NO_BACKEND), 2, of(2));
        check(of(DEAD), 2, of(2));
        // Nobody may have new connections: the established ones stay.
        check(of(1), NO_BACKEND, of(1).moving(NO_BACKEND, 1));
        check(of(DEAD), NO_BACKEND, of(NO_BACKEND));
    }

    #[test]
    fn moving_slots() {
        let slot = Slot::default().moving(2, 1);
        check(slot, 2, slot);
        check(slot, 3, slot.owned_by(3));
        check(slot, 1, slot.owned_by(1));
        check(slot, NO_BACKEND, slot.owned_by(NO_BACKEND));
        check(slot.settling(), 2, slot.settling());
        check(slot.settling(), 3, slot.settling().reopened(3));
        check(slot.settling(), NO_BACKEND, slot.settling().reopened(NO_BACKEND));
        check(Slot::default().moving(DEAD, 1).settling(), 3, Slot::default().moving(3, 1).settling());
        check(Slot::default().moving(DEAD, 1), 3, Slot::default().moving(3, 1));
        check(Slot::default().moving(2, DEAD), 3, Slot::default().moving(3, DEAD).bereft());
    }

    /// What is noted of a connection: its backend, and the move of the slot.
    type Noted = Option<(u32, u32)>;

    /// A packet's backend, and whether its connection is one that should have been noted and was not.
    ///
    /// What the program does with a packet: `opens`: a new connection's; `room`: there is some in the flow table.
    fn deliver(slot: Slot, noted: &mut Noted, opens: bool, room: bool) -> (u32, bool) {
        if let Some((backend, _)) =
            noted.filter(|(_, generation)| slot.is_moving() && *generation == slot.generation())
        {
            return (backend, false);
        }
        let backend = slot.of_unknown(opens);
        if !slot.is_moving() || slot.implies(backend) {
            return (backend, false);
        }
        if room {
            *noted = Some((backend, slot.generation()));
            return (backend, false);
        }
        (slot.of_unknown(false), !opens)
    }

    proptest! {
        /// Whatever happens to a slot, and whatever room the flow table has, a connection on a living backend stays there.
        /// Moves end as the daemon ends them: the window when every connection has been heard and none lacked room, the
        /// move when none is elsewhere.
        #[test]
        fn connections_on_living_backends_stay(
            steps in prop::collection::vec(
                (0u32..5, prop::collection::vec(prop::bool::weighted(0.8), 5), any::<bool>(), any::<u64>()),
                1..60,
            )
        ) {
            let mut slot = Slot::default().stable(1);
            let mut connections: Vec<(u32, Noted)> = Vec::new();
            for (wanted, alive, ends, room) in steps {
                let lives = |backend: u32| alive[backend as usize];
                slot = transition(slot, if lives(wanted) { wanted } else { NO_BACKEND }, lives);
                connections.retain(|&(backend, _)| lives(backend));
                let mut cramped = false;
                for (at, (backend, noted)) in connections.iter_mut().enumerate() {
                    let (got, unnoted) = deliver(slot, noted, false, room >> at & 3 > 0);
                    prop_assert_eq!(got, *backend);
                    cramped |= unnoted;
                }
                let mut noted = None;
                let (backend, _) = deliver(slot, &mut noted, true, room & 1 > 0);
                if backend != NO_BACKEND && lives(backend) {
                    connections.push((backend, noted));
                }
                cramped |= slot.is_open() && noted.is_none();
                if ends && !cramped {
                    slot = slot.settling();
                    if slot.is_moving() && connections.iter().all(|(backend, _)| *backend == slot.owner()) {
                        slot = slot.stable(slot.owner());
                    }
                    connections.truncate(3);
                }
            }
        }
    }
}
