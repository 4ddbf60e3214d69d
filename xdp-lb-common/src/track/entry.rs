//! A noted flow's state: one word, so that it changes at once.

use super::{Place, Segment};
use crate::slot::{GENERATIONS, INDEX, Slot};

const GENERATION: u32 = 24;
const STATE: u32 = 38;
const TRACKED: u64 = 1 << 42;
const TAG: u32 = 43;

/// Bits of the tag that tells most other flows of a bucket from this one, before their keys are compared.
pub(super) const TAG_BITS: u32 = 64 - TAG;

/// From the lowest bit: the backend (24 bits), the move of its slot in which the flow was noted (14), its state (4),
/// whether it was noted for itself and not for its slot's sake, its tag (21).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry(u64);

/// How far a flow is.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The place is free.
    Free = 0,
    /// The place is being given to a flow.
    Claimed = 1,
    /// One packet has been seen: a SYN, or the first of something that nothing is known of.
    Opening = 2,
    /// Established; UDP: a second datagram has come.
    Open = 3,
    /// The client has sent a FIN, the backend has not.
    ClientFin = 4,
    /// The backend has sent a FIN, the client has not.
    BackendFin = 5,
    /// The client has sent a FIN, and what the backend sends is not seen.
    Ended = 6,
    /// Both have sent a FIN, or one an RST.
    Closed = 7,
}

/// Who sent a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The client.
    Client,
    /// The backend.
    Backend,
}

impl State {
    /// Whether it counts as a connection.
    #[inline(always)]
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Open | Self::ClientFin | Self::BackendFin)
    }

    /// Seconds without a packet after which its place may be given to another flow; `None`: while the flow is alive,
    /// never.
    ///
    /// [`Self::Opening`]: longer than a handshake takes. [`Self::Ended`]: the last acknowledgements; a client that has
    /// sent its FIN and goes on reading acknowledges more often.
    #[inline(always)]
    #[must_use]
    pub const fn lifetime(self) -> Option<u32> {
        match self {
            Self::Free | Self::Closed => Some(0),
            Self::Opening => Some(5),
            Self::Ended => Some(2),
            Self::Claimed | Self::Open | Self::ClientFin | Self::BackendFin => None,
        }
    }

    /// The state after a packet (RFC 9293, section 3.3.2, as far as it is seen from between). `both_ways`: the backend's
    /// packets are seen, too.
    ///
    /// Data from a client whose connection has ended shows that it has not: the FIN or RST was somebody else's.
    #[inline(always)]
    #[must_use]
    pub const fn after(self, side: Side, segment: Segment, both_ways: bool) -> Self {
        if segment.has(Segment::RST) {
            return Self::Closed;
        }
        match (self, side, segment.has(Segment::FIN)) {
            (Self::Open, Side::Client, true) => {
                if both_ways {
                    Self::ClientFin
                } else {
                    Self::Ended
                }
            }
            (Self::Open, Side::Backend, true) => Self::BackendFin,
            (Self::ClientFin, Side::Backend, true) | (Self::BackendFin, Side::Client, true) => Self::Closed,
            (Self::Ended | Self::Closed, Side::Client, false) if segment.has(Segment::DATA) => Self::Open,
            _ => self,
        }
    }

    #[inline(always)]
    const fn from_bits(bits: u64) -> Self {
        match bits & 15 {
            0 => Self::Free,
            2 => Self::Opening,
            3 => Self::Open,
            4 => Self::ClientFin,
            5 => Self::BackendFin,
            6 => Self::Ended,
            7 => Self::Closed,
            _ => Self::Claimed,
        }
    }
}

impl Entry {
    /// A flow on `backend`, noted while its slot was `slot`.
    #[inline(always)]
    #[must_use]
    pub const fn new(backend: u32, slot: Slot, state: State, tracked: bool, tag: u32) -> Self {
        let word = backend as u64 & INDEX | (slot.generation() as u64) << GENERATION;
        let tracked = if tracked { TRACKED } else { 0 };
        Self(word | (state as u64) << STATE | tracked | (tag as u64) << TAG)
    }

    /// A place that is being given to a flow with this tag.
    #[inline(always)]
    #[must_use]
    pub(super) const fn claimed(tag: u32) -> Self {
        Self((State::Claimed as u64) << STATE | (tag as u64) << TAG)
    }

    /// From its word.
    #[inline(always)]
    #[must_use]
    pub const fn from_word(word: u64) -> Self {
        Self(word)
    }

    /// Its word.
    #[inline(always)]
    #[must_use]
    pub const fn word(self) -> u64 {
        self.0
    }

    /// Index of the flow's backend.
    #[inline(always)]
    #[must_use]
    pub const fn backend(self) -> u32 {
        (self.0 & INDEX) as u32
    }

    /// In which of its slot's moves it was noted.
    #[inline(always)]
    #[must_use]
    pub const fn generation(self) -> u32 {
        (self.0 >> GENERATION & GENERATIONS) as u32
    }

    /// How far the flow is.
    #[inline(always)]
    #[must_use]
    pub const fn state(self) -> State {
        State::from_bits(self.0 >> STATE)
    }

    /// Whether it was noted for itself: it holds whatever its slot does.
    #[inline(always)]
    #[must_use]
    pub const fn is_tracked(self) -> bool {
        self.0 & TRACKED != 0
    }

    /// Whether it may be the entry of a flow with this tag.
    #[inline(always)]
    #[must_use]
    pub(super) const fn may_be(self, tag: u32) -> bool {
        self.0 >> TAG == tag as u64 && self.0 >> STATE & 15 > State::Claimed as u64
    }

    /// Whether what it says of a flow on `slot` holds.
    #[inline(always)]
    #[must_use]
    pub const fn holds(self, slot: Slot) -> bool {
        self.is_tracked() || self.generation() == slot.generation()
    }

    /// The same in another table, where its place is `place`.
    #[must_use]
    pub const fn tagged(self, place: Place) -> Self {
        Self(self.0 << TAG_BITS >> TAG_BITS | (place.tag as u64) << TAG)
    }

    /// The same in another state.
    #[inline(always)]
    #[must_use]
    pub const fn with(self, state: State) -> Self {
        Self(self.0 & !(15 << STATE) | (state as u64) << STATE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slot::MAX_BACKENDS;

    const STATES: [State; 8] = [
        State::Free,
        State::Claimed,
        State::Opening,
        State::Open,
        State::ClientFin,
        State::BackendFin,
        State::Ended,
        State::Closed,
    ];

    #[test]
    fn fields_do_not_touch_each_other() {
        let last = MAX_BACKENDS - 1;
        let slot = Slot::default().moving(1, 2);
        for state in STATES {
            for tracked in [false, true] {
                let entry = Entry::new(last, slot, state, tracked, (1 << TAG_BITS) - 1);
                assert_eq!((entry.backend(), entry.generation(), entry.state()), (last, 1, state));
                assert_eq!(entry.is_tracked(), tracked);
                assert_eq!(entry.may_be((1 << TAG_BITS) - 1), !matches!(state, State::Free | State::Claimed));
                assert!(!entry.may_be(0));
                let open = entry.with(State::Open);
                assert_eq!((open.state(), open.with(state)), (State::Open, entry));
            }
        }
    }

    /// Follows packets, `c` from the client and `b` from the backend: FIN, RST, data or a bare acknowledgement.
    fn check(both_ways: bool, packets: &[(char, u8)], expected: State) {
        let mut state = State::Open;
        for &(side, flags) in packets {
            let side = if side == 'c' { Side::Client } else { Side::Backend };
            state = state.after(side, Segment::new(flags), both_ways);
        }
        assert_eq!(state, expected, "{packets:?}");
    }

    #[test]
    fn connections_end_as_tcp_says() {
        const FIN: u8 = Segment::FIN;
        check(true, &[('c', FIN)], State::ClientFin);
        check(true, &[('c', FIN), ('c', FIN), ('b', 0)], State::ClientFin);
        check(true, &[('c', FIN), ('b', FIN), ('c', 0)], State::Closed);
        check(true, &[('b', FIN)], State::BackendFin);
        check(true, &[('b', FIN), ('c', Segment::DATA), ('c', FIN | Segment::DATA)], State::Closed);
        check(true, &[('b', Segment::RST)], State::Closed);
        check(false, &[('c', FIN), ('c', 0)], State::Ended);
        check(false, &[('c', Segment::RST)], State::Closed);
    }

    #[test]
    fn data_shows_that_a_connection_goes_on() {
        check(true, &[('c', Segment::RST), ('c', Segment::DATA)], State::Open);
        check(false, &[('c', Segment::FIN), ('c', Segment::DATA)], State::Open);
        check(true, &[('c', Segment::RST), ('b', Segment::DATA), ('c', 0)], State::Closed);
    }
}
