//! How many slots a service gets.

/// Fewest slots of a service: one part in a thousand for each.
const FLOOR: u32 = 1021;
/// Slots for each backend: shares are then even to about one percent.
const PER_BACKEND: u32 = 100;
/// Fewest slots for each backend before a table is made larger.
const PER_BACKEND_KEPT: u32 = 20;

/// The table size of a new service with `backends` backends: a prime, as Maglev needs.
#[must_use]
pub fn default_size(backends: u32) -> u32 {
    next_prime(backends.saturating_mul(PER_BACKEND).max(FLOOR))
}

/// The table size of a service: what it asks for, or what it has while that will do, or a multiple of that: every slot
/// then becomes several, and all flows stay where they are.
#[must_use]
pub fn size_for(asked: Option<u32>, current: Option<u32>, backends: u32) -> u32 {
    match (asked, current) {
        (Some(asked), _) => next_prime(asked.max(backends)),
        (None, Some(current)) if current / PER_BACKEND_KEPT >= backends => current,
        (None, Some(current)) => current.saturating_mul(default_size(backends).div_ceil(current)),
        (None, None) => default_size(backends),
    }
}

/// The smallest prime that is at least `from`.
pub(super) fn next_prime(from: u32) -> u32 {
    let is_prime = |n: &u32| (2..=n.isqrt()).all(|divisor| !n.is_multiple_of(divisor));
    // There is a prime between any number and its double (Bertrand).
    let from = from.clamp(2, 1 << 30);
    (from..2 * from).find(is_prime).unwrap_or(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_primes_and_stay() {
        assert_eq!(default_size(0), 1021);
        assert_eq!(default_size(3), 1021);
        assert_eq!(default_size(100), 10_007);
        assert_eq!(size_for(Some(1000), Some(1021), 3), 1009);
        assert_eq!(size_for(Some(1), None, 0), 2);
        assert_eq!(size_for(None, Some(1021), 51), 1021);
        assert_eq!(size_for(None, Some(1021), 52), 6 * 1021);
    }
}
