//! Warnings that thousands of checks could give at once.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// Lets something happen at most once in a while.
#[derive(Debug)]
pub(super) struct Seldom {
    start: Instant,
    /// Milliseconds from the start to when it may happen next.
    next: AtomicU64,
}

impl Seldom {
    /// Not between two of its kind.
    const WHILE: Duration = Duration::from_secs(10);

    pub(super) fn new(now: Instant) -> Self {
        Self { start: now, next: AtomicU64::new(0) }
    }

    /// Whether it may happen at `now`; the next may when a while has passed.
    pub(super) fn may(&self, now: Instant) -> bool {
        let passed = now.duration_since(self.start).as_millis() as u64;
        let update = |next| (passed >= next).then(|| passed + Self::WHILE.as_millis() as u64);
        self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, update).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_in_a_while() {
        let start = Instant::now();
        let seldom = Seldom::new(start);
        let at = |seconds| seldom.may(start + Duration::from_secs(seconds));
        assert_eq!([0, 1, 9, 10, 11, 60].map(at), [true, false, false, true, false, true]);
    }
}
