//! One neighbour: what the kernel says of it, and when to have it asked again. Pure: the time comes in as an argument.

use std::time::{Duration, Instant};

use super::wire::NeighbourState;

/// How long an answer is waited for: the kernel asks three times, a second apart.
const ANSWER_TIME: Duration = Duration::from_secs(3);

/// How often the kernel is asked to use a neighbour.
const ASK_FRESH: Duration = Duration::from_secs(15);
/// The kernel leaves a used entry alone this long before it verifies it.
const ASK_STALE: Duration = Duration::from_secs(5);
const ASK_WAITING: Duration = Duration::from_secs(1);
const ASK_FAILED: Duration = Duration::from_secs(2);
/// A full table gets room when the kernel sweeps it.
const ASK_REFUSED: Duration = Duration::from_secs(10);

/// What is known about a neighbour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Neighbour {
    state: State,
    /// The MAC address it had last; kept while an entry that merely aged out of the kernel is resolved again.
    mac: Option<[u8; 6]>,
    /// When the kernel was last asked to use it.
    asked: Option<Instant>,
    /// Whether it had no room for an entry then.
    refused: bool,
    /// Whether the kernel has an entry.
    in_kernel: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Static,
    Fresh,
    Stale,
    /// Not known (any more); asked about since.
    Waiting(Option<Instant>),
    /// Nobody answered, nor has anybody since.
    Failed,
}

/// A neighbour's address, as far as known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Mac([u8; 6]),
    Pending,
    Unanswered,
    /// The kernel has no room for an entry, so nobody was asked.
    Refused,
}

impl Neighbour {
    /// One never heard of.
    pub(super) const UNKNOWN: Self =
        Self { state: State::Waiting(None), mac: None, asked: None, refused: false, in_kernel: false };

    /// Its MAC address at `now`.
    pub(super) fn answer(&self, now: Instant) -> Answer {
        match self.state {
            State::Failed => Answer::Unanswered,
            State::Waiting(Some(since)) if now.saturating_duration_since(since) >= ANSWER_TIME => {
                Answer::Unanswered
            }
            State::Static | State::Fresh | State::Stale | State::Waiting(_) => {
                let unknown = if self.refused { Answer::Refused } else { Answer::Pending };
                self.mac.map_or(unknown, Answer::Mac)
            }
        }
    }

    /// How long ago, at `now`, the kernel should have been asked to use it; none if that is not due.
    pub(super) fn overdue(&self, now: Instant) -> Option<Duration> {
        let interval = match self.state {
            State::Static => return None,
            State::Fresh => ASK_FRESH,
            State::Stale => ASK_STALE,
            State::Waiting(_) if self.refused => ASK_REFUSED,
            State::Waiting(_) => ASK_WAITING,
            State::Failed => ASK_FAILED,
        };
        match self.asked {
            Some(asked) => now.saturating_duration_since(asked).checked_sub(interval),
            None => Some(Duration::MAX),
        }
    }

    /// Notes that the kernel was asked at `now` to use it, and whether it had room for an entry.
    pub(super) fn asked(&mut self, now: Instant, room: bool) {
        self.asked = Some(now);
        self.refused = !room;
        if room && let State::Waiting(since @ None) = &mut self.state {
            *since = Some(now);
        }
    }

    /// Whether the kernel has an entry for it.
    pub(super) fn in_kernel(&self) -> bool {
        self.in_kernel
    }

    /// What its answer is made of, but for the time: two that are equal give the same answer.
    pub(super) fn outcome(&self) -> impl PartialEq + use<> {
        let valid = matches!(self.state, State::Static | State::Fresh | State::Stale);
        (valid, self.state == State::Failed, self.mac)
    }

    /// Takes in what the kernel says of its entry.
    pub(super) fn observe(&mut self, state: NeighbourState, mac: Option<[u8; 6]>) {
        self.in_kernel = true;
        let valid = match state {
            NeighbourState::Static => State::Static,
            NeighbourState::Fresh => State::Fresh,
            NeighbourState::Stale => State::Stale,
            NeighbourState::Incomplete => return self.lose(),
            NeighbourState::Failed => {
                self.state = State::Failed;
                return;
            }
        };
        self.state = valid;
        self.mac = mac;
    }

    /// The kernel removed its entry: a cache may forget, so its address stays until somebody was asked in vain.
    pub(super) fn remove(&mut self) {
        self.in_kernel = false;
        if self.state == State::Failed && self.mac.is_some() {
            // Entries removed by hand are said to have failed first, in the same breath.
            self.state = State::Waiting(None);
        }
        self.lose();
    }

    /// Takes a failure for what it is: nothing followed it that says otherwise.
    pub(super) fn settle(&mut self) {
        if self.state == State::Failed {
            self.mac = None;
        }
    }

    /// The kernel does not know it (any more). Whoever did not answer still has not.
    fn lose(&mut self) {
        if !matches!(self.state, State::Failed | State::Waiting(_)) {
            self.state = State::Waiting(None);
        }
    }
}
