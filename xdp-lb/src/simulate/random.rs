//! Random numbers that are the same on every machine and with every version: a simulation can be repeated.

use xdp_lb_common::mix::{GOLDEN, splitmix};

/// splitmix64.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// A sequence of its own for each seed.
    pub(super) const fn new(seed: u64) -> Self {
        Self(splitmix(seed))
    }

    pub(super) const fn next(&mut self) -> u64 {
        let number = splitmix(self.0);
        self.0 = self.0.wrapping_add(GOLDEN);
        number
    }

    /// Below `bound`; 0 if that is 0.
    pub(super) const fn below(&mut self, bound: u32) -> u32 {
        (((self.next() >> 32) * bound as u64) >> 32) as u32
    }

    /// From 0 to 1, both excluded.
    pub(super) fn fraction(&mut self) -> f64 {
        (f64::from((self.next() >> 32) as u32) + 0.5) / f64::from(u32::MAX)
    }

    /// One of several, each as often as its weight says; `None` if there is no weight at all.
    pub(super) fn weighted(&mut self, weights: &[u32]) -> Option<usize> {
        let mut at = self.below(weights.iter().sum());
        weights.iter().position(|&weight| {
            let found = at < weight;
            at = at.wrapping_sub(weight);
            found
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_in_their_range() {
        let mut random = Random::new(1);
        assert_eq!((random.below(0), random.below(1)), (0, 0));
        let mut seen = [0; 5];
        for _ in 0..1000 {
            seen[random.below(5) as usize] += 1;
            let fraction = random.fraction();
            assert!(fraction > 0.0 && fraction < 1.0);
        }
        assert!(seen.iter().all(|&count| count > 150), "{seen:?}");
    }

    #[test]
    fn weights_are_kept() {
        let mut random = Random::new(2);
        let mut seen = [0; 3];
        for _ in 0..1000 {
            seen[random.weighted(&[1, 0, 3]).unwrap()] += 1;
        }
        assert!(seen[1] == 0 && seen[2] > 2 * seen[0], "{seen:?}");
        assert_eq!(random.weighted(&[0, 0]), None);
    }
}
