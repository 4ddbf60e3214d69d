//! What is decided of a packet.

use crate::DropReason;

/// What was decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// Index of the backend; [`crate::slot::NO_BACKEND`]: nobody.
    pub backend: u32,
    /// What happened.
    pub event: Event,
}

/// What a packet does to its connection.
#[repr(u8)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Event {
    /// Nothing to be counted.
    #[default]
    None = 0,
    /// A connection was established.
    Opened = 1,
    /// One has ended.
    Closed = 2,
    /// An established flow could not be noted for want of room.
    Unnoted = 3,
    /// A new connection, for which a backend is to be chosen: there is none yet.
    New = 4,
}

/// Where the event stands in a word; the backend, or the reason, is below.
const EVENT: u32 = 32;
/// In the place of an event: there is no decision.
const FAILED: u64 = 15;

impl Decision {
    /// A packet for `backend`.
    #[inline(always)]
    #[must_use]
    pub const fn with(backend: u32, event: Event) -> Self {
        Self { backend, event }
    }

    /// A packet for `backend` that changes nothing.
    #[inline(always)]
    #[must_use]
    pub const fn of(backend: u32) -> Self {
        Self::with(backend, Event::None)
    }

    /// A decision, or why there is none, as a word: what a function of BPF can return.
    #[inline(always)]
    #[must_use]
    pub const fn word(result: Result<Self, DropReason>) -> u64 {
        match result {
            Ok(Self { backend, event }) => backend as u64 | (event as u64) << EVENT,
            Err(reason) => reason as u64 | FAILED << EVENT,
        }
    }

    /// From a word.
    ///
    /// # Errors
    ///
    /// The one that the word stands for.
    #[inline(always)]
    pub const fn from_word(word: u64) -> Result<Self, DropReason> {
        let event = match word >> EVENT {
            0 => Event::None,
            1 => Event::Opened,
            2 => Event::Closed,
            3 => Event::Unnoted,
            4 => Event::New,
            _ => return Err(reason(word as u32)),
        };
        Ok(Self { backend: word as u32, event })
    }
}

/// The reasons that there are for no decision.
#[inline(always)]
const fn reason(number: u32) -> DropReason {
    const NO_BACKEND: u32 = DropReason::NoBackend as u32;
    const BACKENDS_FULL: u32 = DropReason::BackendsFull as u32;
    match number {
        NO_BACKEND => DropReason::NoBackend,
        BACKENDS_FULL => DropReason::BackendsFull,
        _ => DropReason::Inconsistent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_come_back_as_they_were() {
        for event in [Event::None, Event::Opened, Event::Closed, Event::Unnoted, Event::New] {
            for result in [
                Ok(Decision::with((1 << 24) - 1, event)),
                Err(DropReason::NoBackend),
                Err(DropReason::BackendsFull),
                Err(DropReason::Inconsistent),
            ] {
                assert_eq!(Decision::from_word(Decision::word(result)), result);
            }
        }
    }
}
