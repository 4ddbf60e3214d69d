//! The tables of flows, in the daemon's memory: looked through from time to time, while the program changes them.

use std::{collections::HashSet, sync::Arc};

use aya::Ebpf;
use xdp_lb_common::{
    flow::FlowKey,
    load::{self, Load},
    map,
    track::{self, Bucket, Buckets, CELLS, Cells, Entry, Keep, Place, Stamp, Table},
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

    /// Looks at every entry of a table and removes those that `judge` does not keep; returns how many stay.
    pub fn sweep(&self, table: Table, judge: impl FnMut(&FlowKey, Entry, Stamp) -> Keep) -> usize {
        track::sweep(self, (table, self.table(table).len()), |backend| self.load(backend), judge)
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
                track::uncount(self.load(entry.backend()), table, entry);
            }
        }
    }

    fn load(&self, backend: u32) -> Option<Load<'_>> {
        let loads = (backend < self.loads.len()).then(|| self.loads.words(backend));
        loads.and_then(|words| words.try_into().ok()).map(Load::new)
    }
}

impl Buckets for FlowTables {
    fn bucket(&self, table: Table, index: u32) -> Option<&Cells> {
        let table = self.table(table);
        (index < table.len()).then(|| table.words(index)).and_then(|words| words.try_into().ok())
    }
}
