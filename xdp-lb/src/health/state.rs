//! From check results to up and down. Pure.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is believed of a backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It answers.
    Up,
    /// It does not.
    Down,
    /// Not checked yet; it gets traffic. So is a state that only another version knows.
    #[default]
    #[serde(other)]
    Unknown,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Down => "down",
        })
    }
}

/// The state, why and since when, and how many results stand against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    state: State,
    reason: String,
    since: Timestamp,
    against: u32,
    /// Whether it is up because nobody asks.
    unchecked: bool,
}

impl Machine {
    /// Starts in `state`, for `reason`.
    #[must_use]
    pub fn new(state: State, reason: impl Into<String>, now: Timestamp) -> Self {
        Self { state, reason: reason.into(), since: now, against: 0, unchecked: false }
    }

    /// Of a backend that is not checked: it counts as up, which is no result to begin checks with.
    #[must_use]
    pub fn unchecked(now: Timestamp) -> Self {
        Self { unchecked: true, ..Self::new(State::Up, "not checked", now) }
    }

    /// Whether it is one of [`Self::unchecked`].
    #[must_use]
    pub const fn is_unchecked(&self) -> bool {
        self.unchecked
    }

    /// What is believed.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Since when.
    #[must_use]
    pub const fn since(&self) -> Timestamp {
        self.since
    }

    /// Takes in a result; `true` if the state changed. `rise` or `fall` results in a row change it; while nothing is
    /// known, the first does.
    pub fn observe(&mut self, result: Result<&str, &str>, rise: u32, fall: u32, now: Timestamp) -> bool {
        let (says, needed) = match (self.state, result) {
            (State::Up, Ok(_)) | (State::Down, Err(_)) => {
                self.against = 0;
                return false;
            }
            (State::Unknown, Ok(_)) => (State::Up, 1),
            (State::Unknown, Err(_)) => (State::Down, 1),
            (State::Down, Ok(_)) => (State::Up, rise),
            (State::Up, Err(_)) => (State::Down, fall),
        };
        self.against += 1;
        if self.against < needed {
            return false;
        }
        let (Ok(text) | Err(text)) = result;
        let reason = if needed > 1 { format!("{text} ({needed} in a row)") } else { text.to_owned() };
        *self = Self::new(says, reason, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `results` ('+' success, '-' failure) and compares the states after each ('u', 'd').
    fn check(start: State, rise: u32, fall: u32, results: &str, expected: &str) {
        let now = Timestamp::UNIX_EPOCH;
        let mut machine = Machine::new(start, "", now);
        let states: String = results
            .chars()
            .map(|result| {
                machine.observe(if result == '+' { Ok("answered") } else { Err("refused") }, rise, fall, now);
                match machine.state() {
                    State::Up => 'u',
                    State::Down => 'd',
                    State::Unknown => '?',
                }
            })
            .collect();
        assert_eq!(states, expected, "{start:?}, rise {rise}, fall {fall}, {results}");
    }

    #[test]
    fn results_in_a_row_change_the_state() {
        check(State::Up, 2, 3, "--+--+---", "uuuuuuuud");
        check(State::Down, 2, 3, "+-+-++", "dddddu");
        check(State::Up, 1, 1, "-+-+", "dudu");
    }

    #[test]
    fn the_first_result_decides_while_nothing_is_known() {
        check(State::Unknown, 5, 5, "+", "u");
        check(State::Unknown, 5, 5, "-", "d");
    }

    #[test]
    fn only_what_was_made_so_is_unchecked() {
        let now = Timestamp::UNIX_EPOCH;
        let mut machine = Machine::unchecked(now);
        assert_eq!((machine.state(), machine.is_unchecked()), (State::Up, true));
        assert!(!Machine::new(State::Up, machine.reason(), now).is_unchecked(), "whatever its words");
        machine.observe(Err("refused"), 1, 1, now);
        assert_eq!((machine.state(), machine.is_unchecked()), (State::Down, false));
    }

    #[test]
    fn reasons_say_how_often() {
        let mut machine = Machine::new(State::Up, "", Timestamp::UNIX_EPOCH);
        for _ in 0..2 {
            machine.observe(Err("connection refused"), 1, 2, Timestamp::UNIX_EPOCH);
        }
        assert_eq!(machine.reason(), "connection refused (2 in a row)");
    }
}
