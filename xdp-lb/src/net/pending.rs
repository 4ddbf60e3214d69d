//! What is to be done, and when: at once what is cheap, at a distance what is dear. Pure: the time comes in as arguments.

use std::time::{Duration, Instant};

use super::table::Work;

/// Changes come in bursts; this long after the first one, all are worked off together.
const SETTLE: Duration = Duration::from_millis(20);
/// After a lookup comes a rest so many times as long, where routes change all the time.
const REST: u32 = 10;
/// But none longer than this.
const LONGEST_REST: Duration = Duration::from_secs(1);

/// Work that waits.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// When to publish.
    publish: Option<Instant>,
    /// What to read, and when.
    read: Option<(Work, Instant)>,
    /// No reading before this.
    rested: Option<Instant>,
}

impl Pending {
    /// Takes note at `now` of work that became necessary.
    pub(super) fn note(&mut self, work: Work, now: Instant) {
        match work {
            Work::Nothing => {}
            Work::Publish => self.publish_at(now + SETTLE),
            Work::Lookup | Work::Reread => {
                let (known, at) = self.read.unwrap_or_else(|| {
                    let soon = now + SETTLE;
                    (work, self.rested.map_or(soon, |rested| rested.max(soon)))
                });
                self.read = Some((known.max(work), at));
            }
        }
    }

    /// Has what is known published at a certain time, if not before.
    pub(super) fn publish_at(&mut self, at: Instant) {
        self.publish = Some(self.publish.map_or(at, |known| known.min(at)));
    }

    /// When there is something to do.
    pub(super) fn due(&self) -> Option<Instant> {
        let read = self.read.map(|(_, at)| at);
        [self.publish, read].into_iter().flatten().min()
    }

    /// Hands out what is due at `now`.
    pub(super) fn take(&mut self, now: Instant) -> Work {
        let publish =
            if self.publish.take_if(|at| *at <= now).is_some() { Work::Publish } else { Work::Nothing };
        let read = self.read.take_if(|(_, at)| *at <= now).map_or(Work::Nothing, |(work, _)| work);
        read.max(publish)
    }

    /// Takes note that all was read from `start` to `end`: the longer that took, the longer the rest.
    pub(super) fn has_read(&mut self, start: Instant, end: Instant) {
        let took = end.duration_since(start);
        self.rested = Some(end + took.saturating_mul(REST).min(LONGEST_REST));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn the_first_change_is_followed_soon_and_a_burst_once() {
        let start = Instant::now();
        let mut pending = Pending::default();
        assert_eq!((pending.due(), pending.take(start)), (None, Work::Nothing));
        pending.note(Work::Publish, start);
        pending.note(Work::Lookup, start + ms(5));
        assert_eq!(pending.due(), Some(start + SETTLE));
        assert_eq!(pending.take(start + SETTLE), Work::Publish);
        assert_eq!(pending.take(start + SETTLE + ms(5)), Work::Lookup);
        assert_eq!(pending.due(), None);
    }

    #[test]
    fn a_change_of_everything_includes_the_others() {
        let start = Instant::now();
        let mut pending = Pending::default();
        for work in [Work::Lookup, Work::Reread, Work::Lookup, Work::Nothing] {
            pending.note(work, start);
        }
        assert_eq!(pending.take(start + SETTLE), Work::Reread);
        assert_eq!(pending.due(), None);
    }

    /// How many lookups there are in ten seconds of a change each 10 ms, if each takes `took`.
    fn lookups(took: Duration) -> u32 {
        let start = Instant::now();
        let (mut pending, mut now, mut count) = (Pending::default(), start, 0);
        while now < start + ms(10_000) {
            pending.note(Work::Lookup, now);
            if pending.take(now) == Work::Lookup {
                pending.has_read(now, now + took);
                now += took;
                count += 1;
            }
            now += ms(10);
        }
        count
    }

    #[test]
    fn under_continuous_change_dear_lookups_are_rare_and_cheap_ones_are_not() {
        let few = lookups(ms(400));
        assert!((6..=9).contains(&few), "{few}");
        let many = lookups(Duration::from_micros(100));
        assert!(many > 250, "{many}");
    }

    #[test]
    fn what_is_cheap_does_not_wait_for_what_is_dear() {
        let start = Instant::now();
        let mut pending = Pending::default();
        pending.has_read(start, start + ms(500));
        let now = start + ms(510);
        pending.note(Work::Lookup, now);
        pending.note(Work::Publish, now);
        assert_eq!(pending.take(now + SETTLE), Work::Publish);
        assert_eq!(pending.due(), Some(start + ms(500) + LONGEST_REST));
        assert_eq!(pending.take(start + ms(1500)), Work::Lookup);
    }
}
