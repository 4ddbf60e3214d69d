//! The tables of flows, in the daemon's memory: looked through from time to time, while the program changes them.

use std::{collections::HashSet, sync::Arc};

use aya::Ebpf;
use xdp_lb_common::{
    flow::FlowKey,
    load::{self, Load},
    map,
    track::{self, Bucket, Buckets, CELLS, Cells, Entry, Place, Stamp, State, Table},
};

use super::{Dataplane, DataplaneError, Sizes, data, mapped::Mapped};

/// Access to the tables of flows, apart from the daemon's other access: a sweep takes its time.
#[derive(Debug)]
pub struct FlowTables {
    flows: Mapped<[u64; CELLS]>,
    embryos: Mapped<[u64; CELLS]>,
    clients: Mapped<[u64; CELLS]>,
    loads: Mapped<[u64; load::WORDS]>,
}

/// What becomes of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// It stays.
    Yes,
    /// It is removed.
    No,
}

impl Dataplane {
    /// The tables of flows.
    #[must_use]
    pub fn flows(&self) -> Arc<FlowTables> {
        Arc::clone(&self.flows)
    }
}

impl FlowTables {
    /// Of a loaded program.
    pub(super) fn open(ebpf: &Ebpf, sizes: &Sizes) -> Result<Self, DataplaneError> {
        let tables = sizes.tables();
        Ok(Self {
            flows: Mapped::new(data(ebpf, map::FLOWS)?, tables.flows)?,
            embryos: Mapped::new(data(ebpf, map::EMBRYOS)?, tables.embryos)?,
            clients: Mapped::new(data(ebpf, map::CLIENTS)?, tables.clients)?,
            loads: Mapped::new(data(ebpf, map::LOADS)?, sizes.backends)?,
        })
    }

    const fn table(&self, table: Table) -> &Mapped<[u64; CELLS]> {
        match table {
            Table::Flows => &self.flows,
            Table::Embryos => &self.embryos,
            Table::Clients => &self.clients,
        }
    }

    /// Looks at every entry of a table and removes those that `judge` does not keep, counting them out of their
    /// backends' loads; returns how many stay.
    ///
    /// Entries come and go meanwhile; one that changes while it is looked at stays.
    pub fn sweep(&self, table: Table, mut judge: impl FnMut(&FlowKey, Entry, Stamp) -> Keep) -> usize {
        let mut kept = 0;
        for index in 0..self.table(table).len() {
            let Some(bucket) = self.bucket(table, index).map(Bucket::new) else { continue };
            for (way, entry) in bucket.entries() {
                let key = bucket.key(way).flow();
                let stamp = Stamp::from_word(bucket.stamp(way).load());
                let same = bucket.state(way).load() == entry.word();
                if same && judge(&key, entry, stamp) == Keep::No && bucket.free(way, entry) {
                    self.uncount(table, entry);
                } else {
                    kept += 1;
                }
            }
        }
        kept
    }

    /// Forgets every flow of these services and on these backends.
    pub fn forget(&self, backends: &HashSet<u32>, services: &HashSet<u32>) {
        for table in [Table::Flows, Table::Embryos, Table::Clients] {
            self.sweep(table, |key, entry, _| {
                let gone = backends.contains(&entry.backend()) || services.contains(&key.service);
                if gone { Keep::No } else { Keep::Yes }
            });
        }
    }

    /// Notes what another table holds; `hash` says where, or nothing of flows that are nobody's. What there is no room for
    /// is left out, and of its backend's load.
    pub(super) fn copy(
        &self,
        table: Table,
        from: &Mapped<[u64; CELLS]>,
        hash: impl Fn(&FlowKey) -> Option<u32>,
    ) {
        let size = self.table(table).len();
        let buckets = (0..from.len()).filter_map(|index| from.words(index).try_into().ok()).map(Bucket::new);
        for (bucket, (way, entry)) in
            buckets.flat_map(|bucket| bucket.entries().map(move |entry| (bucket, entry)))
        {
            let (key, stamp) = (bucket.key(way), Stamp::from_word(bucket.stamp(way).load()));
            let place = hash(&key.flow()).map(|hash| Place::new(hash, key.flow().service, size));
            let entry = place.map_or(entry, |place| entry.tagged(place));
            let noted = place.map(|place| track::insert(self, table, place, &key, entry, stamp));
            if !matches!(noted, Some(Ok(Some(_)))) {
                self.uncount(table, entry);
            }
        }
    }

    /// Takes an entry out of its backend's load.
    fn uncount(&self, table: Table, entry: Entry) {
        if entry.backend() >= self.loads.len() {
            return;
        }
        let Ok(words) = self.loads.words(entry.backend()).try_into() else { return };
        let load = Load::new(words);
        match (table, entry.state()) {
            (Table::Flows, state) if state.is_live() => load.live().add(u64::MAX),
            (Table::Embryos, State::Opening) => load.pending().add(u64::MAX),
            _ => return,
        };
    }
}

impl Buckets for FlowTables {
    fn bucket(&self, table: Table, index: u32) -> Option<&Cells> {
        let table = self.table(table);
        (index < table.len()).then(|| table.words(index)).and_then(|words| words.try_into().ok())
    }
}
