//! What becomes of a slot when another backend should own it: established connections stay where they are.

use xdp_lb_common::slot::{NO_BACKEND, Slot};

/// The slot after `wanted` should own it. `lives` tells whether a backend can still be reached.
///
/// - A stable slot of a living backend starts to move; one of a dead backend is given away at once: there is nothing to
///   keep.
/// - A moving slot is not moved again while both of its backends live.
/// - If one of the two dies, what the other has is kept as that of a stable slot would be.
#[must_use]
pub fn transition(slot: Slot, wanted: u32, lives: impl Fn(u32) -> bool) -> Slot {
    let keeps = |backend| backend != NO_BACKEND && lives(backend);
    let (owner, previous) = (slot.owner(), slot.previous());
    let keeper = match (keeps(owner), keeps(previous)) {
        (true, true) => return slot,
        (false, true) if owner == wanted => return slot,
        (true, false) => owner,
        (false, true) => previous,
        (false, false) => return slot.stable(wanted),
    };
    if keeper == wanted { slot.stable(wanted) } else { slot.moving(wanted, keeper) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Backends 1 to 4 live, 5 and up are dead. Slots are (owner, previous).
    fn check(before: (u32, u32), wanted: u32, after: (u32, u32)) {
        let start = Slot::default().stable(before.0);
        let start = if before.1 == NO_BACKEND { start } else { start.moving(before.0, before.1) };
        let slot = transition(start, wanted, |backend| backend < 5);
        assert_eq!((slot.owner(), slot.previous()), after, "{before:?} wanted by {wanted}");
        let moved = slot.is_moving() && (slot.owner(), slot.previous()) != before;
        assert_eq!(slot.generation() != start.generation(), moved, "{before:?} wanted by {wanted}");
    }

    #[test]
    fn stable_slots() {
        check((1, 0), 1, (1, 0));
        check((1, 0), 2, (2, 1));
        check((0, 0), 2, (2, 0));
        check((7, 0), 2, (2, 0));
        // Nobody may have new connections: the established ones stay.
        check((1, 0), 0, (0, 1));
        check((7, 0), 0, (0, 0));
    }

    #[test]
    fn moving_slots_do_not_move_again_while_both_live() {
        for wanted in [0, 1, 2, 3] {
            check((2, 1), wanted, (2, 1));
        }
    }

    #[test]
    fn moving_slots_keep_what_lives() {
        check((2, 7), 2, (2, 0));
        check((2, 7), 3, (3, 2));
        check((7, 1), 1, (1, 0));
        check((7, 1), 3, (3, 1));
        check((0, 1), 0, (0, 1));
        check((0, 1), 2, (2, 1));
        check((7, 8), 3, (3, 0));
        check((0, 7), 0, (0, 0));
    }

    proptest! {
        /// A model of the connections of one slot: whatever happens, one on a living backend stays there.
        #[test]
        fn connections_on_living_backends_stay(
            steps in proptest::collection::vec((0u32..5, proptest::collection::vec(any::<bool>(), 5), any::<bool>()), 1..40)
        ) {
            let mut slot = Slot::default().stable(1);
            // Each connection: its backend, and what the flow table notes of it (backend, generation).
            let mut connections: Vec<(u32, Option<xdp_lb_common::flow::Flow>)> = Vec::new();
            for (wanted, alive, opens) in steps {
                let lives = |backend: u32| alive[backend as usize];
                slot = transition(slot, if lives(wanted) { wanted } else { NO_BACKEND }, lives);
                connections.retain(|&(backend, _)| lives(backend));
                for (backend, noted) in &mut connections {
                    let got = match noted {
                        _ if !slot.is_moving() => slot.owner(),
                        Some(flow) if slot.knows(flow) => flow.backend,
                        Some(_) | None => slot.of_unknown(false),
                    };
                    prop_assert_eq!(got, *backend);
                    *noted = slot.is_moving().then(|| note(got, slot)).or(*noted);
                }
                if opens && slot.owner() != NO_BACKEND {
                    connections.push((slot.owner(), slot.is_moving().then(|| note(slot.owner(), slot))));
                }
            }
        }
    }

    fn note(backend: u32, slot: Slot) -> xdp_lb_common::flow::Flow {
        xdp_lb_common::flow::Flow { backend, generation: slot.generation(), ..Default::default() }
    }
}
