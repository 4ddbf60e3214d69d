//! A bucket of a flow table: eight places, their states side by side in one cache line and a record for each.

use super::{
    Entry, State,
    place::{Key, Stamp},
};
use crate::atomic::{Word, forget};

/// Places of a bucket.
pub const WAYS: usize = 8;
/// Words of a record: the key, and when.
const RECORD: usize = 4;
/// Words of a bucket: five cache lines.
pub const CELLS: usize = WAYS + WAYS * RECORD;

/// A bucket as it stands in its map.
pub type Cells = [Word; CELLS];

/// A bucket.
///
/// A place is taken by exchanging its state for [`State::Claimed`]; the record is written then, and the state last. It
/// is given back by exchanging the state for zero. Whoever reads a record looks at the state before and after: if the
/// place has been given to another flow meanwhile, the flow is not found.
#[derive(Clone, Copy)]
pub struct Bucket<'a>(&'a Cells);

impl<'a> Bucket<'a> {
    /// A view of a bucket.
    #[inline(always)]
    #[must_use]
    pub const fn new(cells: &'a Cells) -> Self {
        Self(cells)
    }

    /// The state of a place.
    #[inline(always)]
    #[must_use]
    pub const fn state(self, way: usize) -> &'a Word {
        &self.0[way & (WAYS - 1)]
    }

    #[inline(always)]
    const fn record(self, way: usize, word: usize) -> &'a Word {
        &self.0[WAYS + (way & (WAYS - 1)) * RECORD + (word & (RECORD - 1))]
    }

    /// When the flow in a place was seen and noted: a [`Stamp`].
    #[inline(always)]
    #[must_use]
    pub const fn stamp(self, way: usize) -> &'a Word {
        self.record(way, 3)
    }

    /// The place of a flow, and its entry as it was.
    #[inline(always)]
    #[must_use]
    pub fn find(self, key: &Key, tag: u32) -> Option<(usize, Entry)> {
        let mut way = 0;
        while way < WAYS {
            let entry = Entry::from_word(self.state(way).load());
            if entry.may_be(tag) && self.key(way) == *key && self.state(way).load() == entry.word() {
                return Some((forget(way, entry.word()), entry));
            }
            way += 1;
        }
        None
    }

    /// The key in a place.
    #[inline(always)]
    #[must_use]
    pub fn key(self, way: usize) -> Key {
        Key::from_words([self.record(way, 0).load(), self.record(way, 1).load(), self.record(way, 2).load()])
    }

    /// A place that may be taken, and the entry that is in it: one that is free, or whose flow has ended.
    #[inline(always)]
    #[must_use]
    pub fn room(self, now: u32) -> Option<(usize, Entry)> {
        let mut way = 0;
        while way < WAYS {
            let entry = Entry::from_word(self.state(way).load());
            let free = match entry.state().lifetime() {
                Some(0) => true,
                Some(lifetime) => Stamp::from_word(self.stamp(way).load()).idle(now) > lifetime,
                None => false,
            };
            if free {
                return Some((forget(way, entry.word()), entry));
            }
            way += 1;
        }
        None
    }

    /// Gives a place, in which `old` is, to a flow; `false`: somebody else was quicker.
    #[inline(always)]
    #[must_use]
    pub fn take(self, way: usize, old: Entry, new: Entry, key: &Key, stamp: Stamp, tag: u32) -> bool {
        if !self.state(way).exchange(old.word(), Entry::claimed(tag).word()) {
            return false;
        }
        let [first, second, third] = key.words();
        self.record(way, 0).store(first);
        self.record(way, 1).store(second);
        self.record(way, 2).store(third);
        self.stamp(way).store(stamp.word());
        self.state(way).store(new.word());
        true
    }

    /// Frees a place in which `old` is; `false`: it has changed.
    #[inline(always)]
    #[must_use]
    pub fn free(self, way: usize, old: Entry) -> bool {
        self.state(way).exchange(old.word(), 0)
    }

    /// Every entry of the bucket that is not free, with its place.
    pub fn entries(self) -> impl Iterator<Item = (usize, Entry)> + use<'a> {
        (0..WAYS)
            .map(move |way| (way, Entry::from_word(self.state(way).load())))
            .filter(|(_, entry)| !matches!(entry.state(), State::Free | State::Claimed))
    }
}
