//! What becomes of a slot when another backend should own it: established connections stay where they are.

use xdp_lb_common::slot::{NO_BACKEND, Slot};

/// The slot after `wanted` should own it. `lives` tells whether a backend can still be reached.
///
/// - A stable slot of a living backend starts to move; one of a dead backend is given away at once: there is nothing to
///   keep.
/// - A moving slot changes its owner at once. Whatever the owners so far were given is noted; what is not noted still
///   belongs to the previous backend, and to nobody once that is dead.
#[must_use]
pub fn transition(slot: Slot, wanted: u32, lives: impl Fn(u32) -> bool) -> Slot {
    let keeps = |backend| backend != NO_BACKEND && lives(backend);
    if slot.is_moving() {
        let slot = slot.owned_by(wanted);
        return if keeps(slot.previous()) { slot } else { slot.bereft() };
    }
    if slot.owner() == wanted || !keeps(slot.owner()) {
        slot.stable(wanted)
    } else {
        slot.moving(wanted, slot.owner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use xdp_lb_common::flow::Flow;

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
        check(slot.settling(), 3, slot.settling().owned_by(3));
        check(Slot::default().moving(DEAD, 1), 3, Slot::default().moving(3, 1));
        check(Slot::default().moving(2, DEAD), 3, Slot::default().moving(3, DEAD).bereft());
    }

    /// A connection: its backend, and what the flow table notes of it.
    type Connection = (u32, Option<Flow>);

    /// What the program does with a packet.
    fn deliver(slot: Slot, noted: &mut Option<Flow>, opens: bool, lives: impl Fn(u32) -> bool) -> u32 {
        if !slot.is_moving() {
            return slot.owner();
        }
        if let Some(flow) = noted.filter(|flow| slot.knows(flow, 0) && lives(flow.backend))
            && !(opens && flow.backend != slot.owner())
        {
            return flow.backend;
        }
        let backend = slot.of_unknown(opens);
        *noted = Some(Flow { backend, generation: slot.generation(), ..Flow::default() });
        backend
    }

    proptest! {
        /// Whatever happens to a slot, a connection on a living backend stays there. Moves end as the daemon ends them:
        /// the window when every connection has been heard, the move when none is elsewhere.
        #[test]
        fn connections_on_living_backends_stay(
            steps in prop::collection::vec((0u32..5, prop::collection::vec(prop::bool::weighted(0.8), 5), any::<bool>()), 1..60)
        ) {
            let mut slot = Slot::default().stable(1);
            let mut connections: Vec<Connection> = Vec::new();
            for (wanted, alive, ends) in steps {
                let lives = |backend: u32| alive[backend as usize];
                slot = transition(slot, if lives(wanted) { wanted } else { NO_BACKEND }, lives);
                connections.retain(|&(backend, _)| lives(backend));
                for (backend, noted) in &mut connections {
                    prop_assert_eq!(deliver(slot, noted, false, lives), *backend);
                }
                let mut noted = None;
                let backend = deliver(slot, &mut noted, true, lives);
                if backend != NO_BACKEND {
                    connections.push((backend, noted));
                }
                if ends {
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
