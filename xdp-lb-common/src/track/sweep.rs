//! Looking through a table and letting go of what is not needed: the daemon's part.

use super::{Buckets, Entry, Stamp, State, Table, bucket::Bucket};
use crate::{flow::FlowKey, load::Load};

/// What becomes of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// It stays.
    Yes,
    /// It is removed.
    No,
}

/// Looks at every entry of a table of `size` buckets and removes those that `judge` does not keep, counting them out of
/// their backends' loads; returns how many stay.
///
/// Entries come and go meanwhile; one that changes while it is looked at stays.
pub fn sweep<'a, B: Buckets>(
    buckets: &B,
    (table, size): (Table, u32),
    load: impl Fn(u32) -> Option<Load<'a>>,
    mut judge: impl FnMut(&FlowKey, Entry, Stamp) -> Keep,
) -> usize {
    let mut kept = 0;
    for index in 0..size {
        let Some(bucket) = buckets.bucket(table, index).map(Bucket::new) else { continue };
        for (way, entry) in bucket.entries() {
            let key = bucket.key(way).flow();
            let stamp = Stamp::from_word(bucket.stamp(way).load());
            let same = bucket.state(way).load() == entry.word();
            if same && judge(&key, entry, stamp) == Keep::No && bucket.free(way, entry) {
                uncount(load(entry.backend()), table, entry);
            } else {
                kept += 1;
            }
        }
    }
    kept
}

/// Takes an entry of a table out of its backend's load.
pub fn uncount(load: Option<Load<'_>>, table: Table, entry: Entry) {
    let Some(load) = load else { return };
    match (table, entry.state()) {
        (Table::Flows, state) if state.is_live() => load.live().add(u64::MAX),
        // Also one that is established and finds no room among the others.
        (Table::Embryos, State::Opening | State::Open) => load.pending().add(u64::MAX),
        _ => 0,
    };
}
