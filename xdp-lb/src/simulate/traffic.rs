//! What clients do: how long connections live, and when they send.

use std::time::Duration;

use super::random::Random;

/// A client's second packet follows its first after this many milliseconds.
pub(super) const ROUND_TRIP: u32 = 50;

/// How long connections live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Lifetimes {
    /// Memoryless: most end soon, few are five times as old as the mean.
    Exponential,
    /// Heavy-tailed (Lomax, shape 2.5): much traffic is of few connections that live long.
    Pareto,
}

/// The shape of the heavy-tailed distribution: finite mean and variance.
const SHAPE: f64 = 2.5;

/// What clients do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Traffic {
    /// Connections at any time.
    pub connections: u32,
    /// How their lives are distributed.
    pub lifetimes: Lifetimes,
    /// How long they live on average.
    pub lifetime: Duration,
    /// How often each sends a packet, on average.
    pub interval: Duration,
    /// How much that varies: 0.5 means from half of it to one and a half.
    pub jitter: f64,
}

impl Traffic {
    /// Milliseconds that a new connection lives.
    pub(super) fn life(&self, random: &mut Random) -> u32 {
        self.quantile(random.fraction(), SHAPE)
    }

    /// Milliseconds that one that is there already goes on, if connections have always come and gone like that.
    pub(super) fn rest_of_life(&self, random: &mut Random) -> u32 {
        self.quantile(random.fraction(), SHAPE - 1.0)
    }

    /// A lifetime that `part` of all exceed. The rest of an exponential life is distributed as a whole one; that of a
    /// Lomax one has a shape less by one.
    fn quantile(&self, part: f64, shape: f64) -> u32 {
        let mean = self.lifetime.as_secs_f64() * 1000.0;
        let life = match self.lifetimes {
            Lifetimes::Exponential => -part.ln() * mean,
            Lifetimes::Pareto => (part.powf(-1.0 / shape) - 1.0) * mean * (SHAPE - 1.0),
        };
        milliseconds(life)
    }

    /// Milliseconds until a connection's next packet.
    pub(super) fn gap(&self, random: &mut Random) -> u32 {
        let spread = self.jitter * (2.0 * random.fraction() - 1.0);
        milliseconds(self.interval.as_secs_f64() * 1000.0 * (1.0 + spread))
    }

    /// The longest that it may be.
    pub(super) fn longest_gap(&self) -> u32 {
        milliseconds(self.interval.as_secs_f64() * 1000.0 * (1.0 + self.jitter)).max(ROUND_TRIP)
    }
}

/// Rounded, and at most 12 days, so that sums do not overflow.
#[expect(clippy::cast_sign_loss, reason = "what is below zero becomes zero")]
const fn milliseconds(value: f64) -> u32 {
    let rounded = value as u32;
    if rounded > 1 << 30 { 1 << 30 } else { rounded }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traffic(lifetimes: Lifetimes) -> Traffic {
        let (lifetime, interval) = (Duration::from_mins(1), Duration::from_secs(10));
        Traffic { connections: 1, lifetimes, lifetime, interval, jitter: 0.5 }
    }

    fn mean(numbers: impl Fn(&mut Random) -> u32) -> f64 {
        let mut random = Random::new(7);
        (0..100_000).map(|_| f64::from(numbers(&mut random))).sum::<f64>() / 1e5
    }

    #[test]
    fn lives_have_the_mean_that_is_asked_for() {
        for lifetimes in [Lifetimes::Exponential, Lifetimes::Pareto] {
            let traffic = traffic(lifetimes);
            let life = mean(|random| traffic.life(random));
            assert!((life - 60_000.0).abs() < 2_000.0, "{lifetimes:?}: {life}");
        }
        let exponential = mean(|random| traffic(Lifetimes::Exponential).rest_of_life(random));
        let heavy = mean(|random| traffic(Lifetimes::Pareto).rest_of_life(random));
        assert!((exponential - 60_000.0).abs() < 2_000.0 && heavy > 120_000.0, "{exponential} {heavy}");
    }

    #[test]
    fn gaps_are_within_the_jitter() {
        let traffic = traffic(Lifetimes::Exponential);
        let mut random = Random::new(3);
        assert!((0..1000).all(|_| (5_000..=15_000).contains(&traffic.gap(&mut random))));
        assert_eq!(traffic.longest_gap(), 15_000);
    }
}
