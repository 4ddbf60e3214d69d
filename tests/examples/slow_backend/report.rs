//! The table.

use std::fmt;
use std::time::Duration;

pub(crate) const HEAD: &str = "\
| | p50 | p99 | most open on the slow one | most : fewest open, at worst | requests to each |
|---|---|---|---|---|---|";

/// What came of a balancer.
pub(crate) struct Outcome {
    pub(crate) balancer: String,
    pub(crate) answers: Vec<Duration>,
    pub(crate) peaks: Peaks,
    pub(crate) requests: Vec<u64>,
}

/// The worst that was seen of open connections.
#[derive(Default)]
pub(crate) struct Peaks {
    /// On the last backend, the slow one.
    slow: u64,
    /// The largest number over the smallest, which counts as one at least.
    ratio: u64,
}

impl Peaks {
    /// Takes in how many connections each backend has at this moment.
    pub(crate) fn note(&mut self, open: impl Iterator<Item = u64> + Clone) {
        self.slow = self.slow.max(open.clone().last().unwrap_or(0));
        let (most, fewest) = (open.clone().max().unwrap_or(0), open.min().unwrap_or(0));
        self.ratio = self.ratio.max(most / fewest.max(1));
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { balancer, answers, peaks, requests } = self;
        let mut sorted = answers.clone();
        sorted.sort_unstable();
        let [p50, p99] = [50, 99].map(|percent| {
            let at = sorted.len() * percent / 100;
            sorted.get(at).copied().unwrap_or_default().as_millis()
        });
        let requests: Vec<_> = requests.iter().map(ToString::to_string).collect();
        let requests = requests.join(", ");
        write!(f, "| {balancer} | {p50} ms | {p99} ms | {} | {} : 1 | {requests} |", peaks.slow, peaks.ratio)
    }
}
