//! A slot: eight bytes, written by the daemon in one atomic store.
//!
//! A slot is *stable*, and its owner gets every packet; or it is *moving*, and connections stay where they are: all that
//! an unknown packet would not find is noted in the flow table.
//!
//! | slot | known flow | TCP SYN | other, unknown |
//! |---|---|---|---|
//! | stable | (not looked up) → owner | → owner | → owner |
//! | moving | → its backend | → owner, noted | → previous, noted: it began before the move |
//! | settling | → its backend | → owner | → owner |
//!
//! A slot settles when its window is over (what began before the move is noted by then) or when its previous backend is
//! lost. While its window is open it may be given to yet another owner at any time: the flows of the one before are
//! noted. If it settles, a new window begins then, with that one as the previous backend.
//!
//! So the only moment at which a flow must be noted is the end of a window: until then whatever could not be noted, for
//! want of room, is found all the same.

use crate::abi::map_value;

/// The backend index that means "none".
pub const NO_BACKEND: u32 = 0;

/// Backend indices stay below this, so that two of them, a generation and two flags make a word.
pub const MAX_BACKENDS: u32 = 1 << 24;

pub(crate) const INDEX: u64 = MAX_BACKENDS as u64 - 1;
const PREVIOUS: u32 = 24;
const GENERATION: u32 = 48;
pub(crate) const GENERATIONS: u64 = (1 << 14) - 1;
const SETTLING: u64 = 1 << 62;
const MOVING: u64 = 1 << 63;

map_value! {
    /// A slot of a service's table.
    #[derive(Default)]
    pub struct Slot[8] {
        /// From the lowest bit: the owner (24 bits), the backend that the slot moves away from (24), the number of its
        /// moves so far (14, wrapping), whether its window is over, whether it moves.
        pub word: u64,
    }
}

impl Slot {
    /// The same slot at rest, of `owner` alone, or of nobody with [`NO_BACKEND`].
    #[must_use]
    pub const fn stable(self, owner: u32) -> Self {
        Self { word: owner as u64 & INDEX | (self.generation() as u64) << GENERATION }
    }

    /// The same slot at the start of a move from `previous` to `owner`. What was known of its flows holds no longer.
    #[must_use]
    pub const fn moving(self, owner: u32, previous: u32) -> Self {
        let generation = (self.generation() as u64 + 1) & GENERATIONS;
        let backends = owner as u64 & INDEX | (previous as u64 & INDEX) << PREVIOUS;
        Self { word: backends | generation << GENERATION | MOVING }
    }

    /// The same slot, in the same state, with another owner.
    #[must_use]
    pub const fn owned_by(self, owner: u32) -> Self {
        Self { word: self.word & !INDEX | owner as u64 & INDEX }
    }

    /// The same slot, its window over.
    #[must_use]
    pub const fn settling(self) -> Self {
        if self.is_moving() { Self { word: self.word | SETTLING } } else { self }
    }

    /// The same slot with another owner and a new window: what is not noted belongs to the owner so far.
    #[must_use]
    pub const fn reopened(self, owner: u32) -> Self {
        let backends = owner as u64 & INDEX | (self.owner() as u64) << PREVIOUS;
        Self { word: backends | (self.generation() as u64) << GENERATION | MOVING }
    }

    /// The same slot, its previous backend lost: there is nothing to wait for.
    #[must_use]
    pub const fn bereft(self) -> Self {
        Self { word: self.settling().word & !(INDEX << PREVIOUS) }
    }

    /// Who gets new connections, [`NO_BACKEND`] for nobody.
    #[inline(always)]
    #[must_use]
    pub const fn owner(self) -> u32 {
        (self.word & INDEX) as u32
    }

    /// Who keeps the connections from before the move.
    #[inline(always)]
    #[must_use]
    pub const fn previous(self) -> u32 {
        (self.word >> PREVIOUS & INDEX) as u32
    }

    /// Which move of the slot this is: flows noted in another are not known.
    #[inline(always)]
    #[must_use]
    pub const fn generation(self) -> u32 {
        (self.word >> GENERATION & GENERATIONS) as u32
    }

    /// Whether the flow table must be asked.
    #[inline(always)]
    #[must_use]
    pub const fn is_moving(self) -> bool {
        self.word & MOVING != 0
    }

    /// Whether the window is over.
    #[inline(always)]
    #[must_use]
    pub const fn is_settling(self) -> bool {
        self.word & SETTLING != 0
    }

    /// Who gets a packet of a flow that is not known.
    #[inline(always)]
    #[must_use]
    pub const fn of_unknown(self, opens: bool) -> u32 {
        if opens || self.is_settling() || !self.is_moving() { self.owner() } else { self.previous() }
    }

    /// Whether its window is open: it moves, and what is not noted began before.
    #[inline(always)]
    #[must_use]
    pub const fn is_open(self) -> bool {
        self.word & (MOVING | SETTLING) == MOVING
    }

    /// Whether flows on `backend` need not be noted: unknown packets go there, and will once the window is over.
    #[inline(always)]
    #[must_use]
    pub const fn implies(self, backend: u32) -> bool {
        backend == self.owner() && (!self.is_open() || backend == self.previous())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_decisions() {
        let (stable, moving) = (Slot::default().stable(3), Slot::default().moving(3, 7));
        for (slot, previous, unknown, opening) in [
            (stable, 0, 3, 3),
            (moving, 7, 7, 3),
            (moving.settling(), 7, 3, 3),
            (moving.bereft(), 0, 3, 3),
            (moving.owned_by(4).owned_by(3), 7, 7, 3),
            (moving.owned_by(7).settling().reopened(3), 7, 7, 3),
        ] {
            assert_eq!((slot.owner(), slot.previous()), (3, previous), "{slot:?}");
            assert_eq!((slot.of_unknown(false), slot.of_unknown(true)), (unknown, opening), "{slot:?}");
        }
        assert_eq!((stable.settling(), moving.settling().stable(3).is_moving()), (stable, false));
        assert!(moving.settling().is_settling() && moving.bereft().is_settling() && !moving.is_settling());
    }

    #[test]
    fn what_unknown_packets_find_is_implied() {
        let moving = Slot::default().moving(3, 7);
        for (slot, implied) in [
            (moving.stable(3), [true, false]),
            (moving, [false, false]),
            (moving.owned_by(7), [false, true]),
            (moving.settling(), [true, false]),
            (moving.settling().reopened(7), [false, false]),
            (moving.bereft(), [true, false]),
        ] {
            assert_eq!([slot.implies(3), slot.implies(7)], implied, "{slot:?}");
        }
        assert!(moving.is_open() && !moving.settling().is_open() && !moving.stable(3).is_open());
    }

    #[test]
    fn fields_do_not_touch_each_other() {
        let last = MAX_BACKENDS - 1;
        let mut slot = Slot::default();
        for _ in 0..=GENERATIONS {
            slot = slot.moving(last, last);
        }
        assert_eq!((slot.owner(), slot.previous(), slot.generation()), (last, last, 0));
        assert_eq!(slot.settling().stable(1).word, 1);
    }
}
