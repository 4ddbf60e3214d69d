//! How loaded a backend is: what algorithms compare. A cache line of words for each backend, changed by the program and
//! the daemon at once.

use crate::atomic::Word;

/// Words of a [`Load`].
pub const WORDS: usize = 8;

/// Changed by hand with the words' order or meaning.
pub(crate) const LAYOUT: u64 = 1 << 32 | WORDS as u64;

/// One backend's entry of [`crate::map::LOADS`].
#[derive(Clone, Copy, Debug)]
pub struct Load<'a>(&'a [Word; WORDS]);

impl<'a> Load<'a> {
    /// A view of an entry.
    #[inline(always)]
    #[must_use]
    pub const fn new(words: &'a [Word; WORDS]) -> Self {
        Self(words)
    }

    /// Connections that are noted and have not ended.
    #[inline(always)]
    #[must_use]
    pub const fn live(self) -> &'a Word {
        &self.0[0]
    }

    /// Connections that have begun and are not established yet.
    #[inline(always)]
    #[must_use]
    pub const fn pending(self) -> &'a Word {
        &self.0[1]
    }

    /// Moving average of the time that a handshake takes, in microseconds; 0: not known yet. The program's where it
    /// sees both sides, the daemon's elsewhere.
    #[inline(always)]
    #[must_use]
    pub const fn response(self) -> &'a Word {
        &self.0[2]
    }

    /// [`Terms`], the daemon's.
    #[inline(always)]
    #[must_use]
    pub const fn terms(self) -> &'a Word {
        &self.0[3]
    }

    /// Its weight in force. For a daemon that takes over; the program does not look.
    #[inline(always)]
    #[must_use]
    pub const fn weight(self) -> &'a Word {
        &self.0[4]
    }
}

/// On which terms a backend takes new connections: a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Its share of new connections, relative to the others of its service; 0: none.
    pub share: u32,
    /// Most connections that it may have; 0: any number.
    pub limit: u32,
}

impl Terms {
    /// As a word.
    #[must_use]
    pub const fn word(self) -> u64 {
        self.share as u64 | (self.limit as u64) << 32
    }

    /// From a word.
    #[inline(always)]
    #[must_use]
    pub const fn from_word(word: u64) -> Self {
        Self { share: word as u32, limit: (word >> 32) as u32 }
    }
}

/// A [`Load::response`] after another time of so many microseconds: the eighth part of each is new. The first is the
/// average.
#[inline(always)]
#[must_use]
pub const fn smoothed(average: u64, micros: u64) -> u64 {
    // 0 is what is not known.
    let micros = if micros == 0 { 1 } else { micros };
    if average == 0 { micros } else { average.wrapping_mul(7).wrapping_add(micros).wrapping_add(4) >> 3 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_follow_what_is_measured() {
        assert_eq!([smoothed(0, 0), smoothed(0, 700), smoothed(1, 0)], [1, 700, 1]);
        assert_eq!([smoothed(800, 1600), smoothed(800, 800), smoothed(800, 0)], [900, 800, 700]);
        for (from, to) in [(1, 1_000_000), (1_000_000, 1), (500, 503)] {
            let end = (0..200).fold(from, |average, _| smoothed(average, to));
            assert!(end.abs_diff(to) <= 4, "{from} came to {end}, not to {to}");
        }
    }

    #[test]
    fn terms_come_back_as_they_were() {
        let terms = Terms { share: 7, limit: u32::MAX };
        assert_eq!(Terms::from_word(terms.word()), terms);
    }
}
