//! A limit on how often something is done.

/// What was done in the second that is under way.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Limit {
    second: u64,
    count: u64,
}

impl Limit {
    /// Takes one of the `most` times that `second`, a number of seconds on any clock, has; `false` where none is left.
    #[inline(always)]
    #[must_use]
    pub const fn take(&mut self, second: u64, most: u64) -> bool {
        if self.second != second {
            *self = Self { second, count: 0 };
        }
        let left = self.count < most;
        self.count += left as u64;
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_second_has_its_own_times() {
        let mut limit = Limit::default();
        let taken = |limit: &mut Limit, second| (0..9).filter(|_| limit.take(second, 3)).count();
        assert_eq!([0, 7, 7, 8].map(|second| taken(&mut limit, second)), [3, 3, 0, 3]);
        // A clock that is set back gives no second twice as much as it should for long.
        assert_eq!([7, 7].map(|second| taken(&mut limit, second)), [3, 0]);
    }

    #[test]
    fn nothing_may_be_all_there_is() {
        assert!(!Limit::default().take(1, 0));
    }
}
