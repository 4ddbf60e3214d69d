//! Which flows of a service are noted, and whether its algorithm decides already. Pure.

use std::time::{Duration, Instant};

/// How far a service is with noting its flows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tracking {
    /// Those on moving slots are noted.
    #[default]
    Moving,
    /// Every one is, but slots go on deciding: connections from before are where their slots say, and are noted when
    /// they are heard of.
    Learning(Instant),
    /// Every one is.
    Every,
    /// Every one is still, though since then nobody asks for it: some are elsewhere than their slots say.
    Ending(Instant),
}

impl Tracking {
    /// After a configuration that wants every flow noted, or not. `begins`: the service has had no connections so far.
    pub(super) const fn configured(self, wanted: bool, begins: bool, now: Instant) -> Self {
        match (self, wanted) {
            (Self::Moving, true) if begins => Self::Every,
            (Self::Moving, true) => Self::Learning(now),
            (Self::Ending(_), true) => Self::Every,
            (Self::Every | Self::Learning(_), false) => Self::Ending(now),
            (Self::Moving | Self::Ending(_), false) | (Self::Learning(_) | Self::Every, true) => self,
        }
    }

    /// As time goes by: what has not been heard of within `window` has ended.
    pub(super) fn at(self, now: Instant, window: Duration) -> Self {
        match self {
            Self::Learning(since) if now.duration_since(since) >= window => Self::Every,
            Self::Learning(_) | Self::Moving | Self::Every | Self::Ending(_) => self,
        }
    }

    /// After a sweep, begun at `started`, that found so many flows elsewhere than their slots say.
    pub(super) fn swept(self, strays: usize, started: Instant) -> Self {
        match self {
            // One that began before looked at slots as they were then.
            Self::Ending(since) if strays == 0 && started > since => Self::Moving,
            Self::Ending(_) | Self::Moving | Self::Learning(_) | Self::Every => self,
        }
    }

    /// Whether every flow is noted.
    pub(super) const fn notes_all(self) -> bool {
        !matches!(self, Self::Moving)
    }

    /// Whether the service's algorithm chooses.
    pub(super) const fn chooses(self) -> bool {
        matches!(self, Self::Every)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_follows_what_is_wanted_without_losing_a_flow() {
        let start = Instant::now();
        let window = Duration::from_mins(1);
        let learning = Tracking::Moving.configured(true, false, start);
        assert!(learning.notes_all() && !learning.chooses());
        assert_eq!(learning.at(start + Duration::from_secs(59), window), learning);
        assert_eq!(learning.at(start + window, window), Tracking::Every);
        assert_eq!(learning.configured(true, false, start + window), learning);
        // Flows on moving slots, and past full backends, are elsewhere than their slots say.
        assert_eq!(learning.configured(false, false, start), Tracking::Ending(start));
        let every = Tracking::Moving.configured(true, true, start);
        assert!(every.notes_all() && every.chooses());
        let ending = every.configured(false, false, start);
        assert!(ending.notes_all() && !ending.chooses());
        let later = start + window;
        assert_eq!((ending.swept(1, later), ending.swept(0, later)), (ending, Tracking::Moving));
        assert_eq!(ending.swept(0, start), ending, "a sweep from before");
        assert_eq!(ending.configured(true, false, start), Tracking::Every);
        assert_eq!(every.swept(0, later), every);
    }
}
