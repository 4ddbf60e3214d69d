//! From what was counted at two moments to rates. Pure.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    time::Instant,
};

use super::Known;
use crate::model::{Backend, Rates, Traffic};

/// What all backends had counted at some time, by their places in the maps.
pub(super) type Samples = HashMap<u32, Sample>;

/// What a backend had counted at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) whose: Identity,
    pub(super) at: Instant,
    pub(super) counted: Traffic,
}

/// Which backend has a place in the maps: when it is gone, another may get it. A hash, since the names of all backends
/// would be copied for every sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity(u64);

impl Identity {
    /// That of a backend of the service of this name.
    pub(super) fn of(service: &str, backend: &Backend) -> Self {
        let mut hasher = DefaultHasher::new();
        (service, &backend.name, &backend.address).hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// The rates of all that can be compared.
pub(super) fn known(before: &Samples, after: &Samples) -> Known {
    let rates = after.iter().filter_map(|(index, after)| {
        let rates = between(before.get(index)?, after)?;
        Some((*index, (after.whose, rates)))
    });
    Known(rates.collect())
}

/// `None` where a rate would be wrong: between two backends, or when the counters have begun anew.
fn between(before: &Sample, after: &Sample) -> Option<Rates> {
    if before.whose != after.whose {
        return None;
    }
    let seconds = after.at.saturating_duration_since(before.at).as_secs_f64();
    let rate = |counter: fn(&Traffic) -> u64| {
        let more = counter(&after.counted).checked_sub(counter(&before.counted))?;
        #[expect(clippy::cast_precision_loss, reason = "nobody counts 2^53 of anything in a few seconds")]
        let rate = more as f64 / seconds;
        rate.is_finite().then_some(rate)
    };
    Some(Rates {
        connections_per_second: rate(|traffic| traffic.connections)?,
        closed_per_second: rate(|traffic| traffic.closed)?,
        packets_per_second: rate(|traffic| traffic.packets)?,
        bytes_per_second: rate(|traffic| traffic.bytes)?,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const INDEX: u32 = 5;

    fn backend(name: &str) -> Backend {
        Backend { index: INDEX, name: name.to_owned(), ..Backend::default() }
    }

    fn traffic(packets: u64, connections: u64) -> Traffic {
        Traffic { packets, bytes: 100 * packets, connections, closed: connections / 2, ..Traffic::default() }
    }

    /// What is shown of `web-1` after the place counted first for one backend and, after some seconds, for another.
    fn check(before: (&str, Traffic), seconds: u64, after: (&str, Traffic)) -> Option<Rates> {
        let start = Instant::now();
        let samples = |(name, counted): (&str, Traffic), at| {
            Samples::from([(INDEX, Sample { whose: Identity::of("web", &backend(name)), at, counted })])
        };
        let (before, after) = (samples(before, start), samples(after, start + Duration::from_secs(seconds)));
        known(&before, &after).of("web", &backend("web-1"))
    }

    #[test]
    fn rates_are_differences_over_time() {
        let rates = Rates {
            connections_per_second: 10.0,
            closed_per_second: 5.0,
            packets_per_second: 50.0,
            bytes_per_second: 5000.0,
        };
        let before = ("web-1", traffic(1000, 100));
        assert_eq!(check(before, 2, ("web-1", traffic(1100, 120))), Some(rates));
        assert_eq!(check(before, 2, before), Some(Rates::default()));
    }

    #[test]
    fn no_rate_is_better_than_a_wrong_one() {
        let before = ("web-1", traffic(1000, 100));
        assert_eq!(check(before, 2, ("web-1", traffic(10, 120))), None, "packets began anew");
        assert_eq!(check(before, 2, ("web-1", traffic(1100, 1))), None, "connections began anew");
        assert_eq!(check(("web-9", traffic(0, 0)), 2, before), None, "the place was another's");
        assert_eq!(check(before, 2, ("web-9", traffic(1100, 120))), None, "the place is another's");
        assert_eq!(check(before, 0, ("web-1", traffic(1100, 120))), None, "no time has passed");
        let first = Samples::from([(
            INDEX,
            Sample { whose: Identity::of("web", &backend("web-1")), at: Instant::now(), counted: before.1 },
        )]);
        assert_eq!(known(&Samples::new(), &first).of("web", &backend("web-1")), None, "the first sample");
    }

    #[test]
    fn backends_are_told_apart() {
        let one = backend("web-1");
        let same = Backend { weight: 7, ..one.clone() };
        assert_eq!(Identity::of("web", &one), Identity::of("web", &same));
        let moved = Backend { address: "10.0.0.2:80".to_owned(), ..one.clone() };
        assert_ne!(Identity::of("web", &one), Identity::of("web", &moved));
        assert_ne!(Identity::of("web", &one), Identity::of("dns", &one));
    }
}
