//! Finding and noting flows.

use super::{Buckets, Entry, Key, Place, Segment, Side, Stamp, Table, bucket::Bucket};
use crate::DropReason;

/// A flow's entry, as it was.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) bucket: Bucket<'a>,
    pub(super) way: usize,
    pub(super) entry: Entry,
}

impl Found<'_> {
    /// Gives it another state; `false`: it has one by now.
    #[inline(always)]
    pub(super) fn change(self, new: Entry) -> bool {
        self.bucket.state(self.way).exchange(self.entry.word(), new.word())
    }

    /// Brings its state up to date after a packet; whether it counted as a connection, before and after.
    ///
    /// Both ends may say farewell at once, on different CPUs.
    #[inline(always)]
    pub(super) fn advance(self, side: Side, segment: Segment, both_ways: bool, tag: u32) -> (bool, bool) {
        let mut entry = self.entry;
        let mut tries = 0;
        while tries < 3 && entry.may_be(tag) {
            let state = entry.state();
            let next = state.after(side, segment, both_ways);
            if next == state {
                break;
            }
            if self.bucket.state(self.way).exchange(entry.word(), entry.with(next).word()) {
                return (state.is_live(), next.is_live());
            }
            entry = Entry::from_word(self.bucket.state(self.way).load());
            tries += 1;
        }
        (false, false)
    }

    /// Takes down that it was seen.
    #[inline(always)]
    pub(super) fn see(self, now: u32) -> Stamp {
        let stamp = Stamp::from_word(self.bucket.stamp(self.way).load());
        // Once a second: the line stays in other CPUs' caches.
        if stamp.seen != now {
            self.bucket.stamp(self.way).store(Stamp { seen: now, ..stamp }.word());
        }
        stamp
    }
}

/// The entry of a flow.
#[inline(always)]
pub(super) fn find<'a, M: Buckets>(
    memory: &'a M,
    table: Table,
    place: Place,
    key: &Key,
) -> Result<Option<Found<'a>>, DropReason> {
    let bucket = place.bucket(memory, table, 0)?;
    if let Some((way, entry)) = bucket.find(key, place.tag) {
        return Ok(Some(Found { bucket, way, entry }));
    }
    let bucket = place.bucket(memory, table, 1)?;
    Ok(bucket.find(key, place.tag).map(|(way, entry)| Found { bucket, way, entry }))
}

/// Whether a flow could be noted now.
#[inline(always)]
pub(super) fn has_room<M: Buckets>(
    memory: &M,
    table: Table,
    place: Place,
    now: u32,
) -> Result<bool, DropReason> {
    Ok(place.bucket(memory, table, 0)?.room(now).is_some()
        || place.bucket(memory, table, 1)?.room(now).is_some())
}

/// Notes a flow that is not noted yet; returns what was in its place, or `None` if there is no room.
#[inline(always)]
pub fn insert<M: Buckets>(
    memory: &M,
    table: Table,
    place: Place,
    key: &Key,
    entry: Entry,
    stamp: Stamp,
) -> Result<Option<Entry>, DropReason> {
    let mut choice = 0;
    while choice < 2 {
        let bucket = place.bucket(memory, table, choice)?;
        if let Some((way, old)) = bucket.room(stamp.seen)
            && bucket.take(way, old, entry, key, stamp, place.tag)
        {
            return Ok(Some(old));
        }
        choice += 1;
    }
    Ok(None)
}
