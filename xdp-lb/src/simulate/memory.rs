//! The program's maps, in ordinary memory.

use xdp_lb_common::{
    atomic::Word,
    flow::FlowKey,
    load::{self, Load, Terms},
    slot::Slot,
    track::{self, Buckets, CELLS, Cells, Entry, Keep, Memory, Stamp, Table, TableSizes},
};

use super::world::World;

/// Connections that are being opened: as many as the daemon makes room for.
const EMBRYOS: u32 = 65_536;

/// What the program decides from.
#[derive(Debug)]
pub(super) struct Maps {
    pub(super) sizes: TableSizes,
    /// The slots of all services, one after the other.
    pub(super) slots: Vec<Slot>,
    flows: Vec<Cells>,
    embryos: Vec<Cells>,
    clients: Vec<Cells>,
    loads: Vec<[Word; load::WORDS]>,
    /// The service of each backend that is not dead.
    serves: Vec<Option<u32>>,
}

impl Maps {
    /// For a world, with room for `entries` flows.
    pub(super) fn new(world: &World, entries: u32) -> Self {
        let buckets = |count: u32| (0..count).map(|_| empty()).collect();
        let sizes = TableSizes {
            flows: track::buckets_for(entries).max(1),
            embryos: track::buckets_for(EMBRYOS),
            clients: 1,
        };
        Self {
            sizes,
            slots: vec![Slot::default(); world.services.iter().map(|service| service.slots as usize).sum()],
            flows: buckets(sizes.flows),
            embryos: buckets(sizes.embryos),
            clients: buckets(sizes.clients),
            loads: world.fates.iter().map(|_| Default::default()).collect(),
            serves: vec![None; world.fates.len()],
        }
    }

    /// Stores what is known of a service's backends.
    pub(super) fn store_backends(&mut self, world: &World, service: usize) {
        for backend in &world.services[service].backends {
            let index = backend.index as usize;
            self.serves[index] = (!backend.down).then_some(service as u32);
            let terms = Terms { share: backend.share(), limit: 0 };
            Load::new(&self.loads[index]).terms().store(terms.word());
        }
    }

    /// Removes the entries of a table that `judge` does not keep.
    pub(super) fn sweep(&self, table: Table, judge: impl FnMut(&FlowKey, Entry, Stamp) -> Keep) {
        let size = match table {
            Table::Flows => self.sizes.flows,
            Table::Embryos => self.sizes.embryos,
            Table::Clients => self.sizes.clients,
        };
        track::sweep(self, (table, size), |backend| self.load(backend), judge);
    }

    /// Entries of the flow table that are connections.
    pub(super) fn noted(&self) -> u32 {
        self.loads.iter().map(|words| Load::new(words).live().load() as u32).sum()
    }
}

fn empty() -> Cells {
    [const { Word::new(0) }; CELLS]
}

impl Buckets for Maps {
    fn bucket(&self, table: Table, index: u32) -> Option<&Cells> {
        let table = match table {
            Table::Flows => &self.flows,
            Table::Embryos => &self.embryos,
            Table::Clients => &self.clients,
        };
        table.get(index as usize)
    }
}

impl Memory for Maps {
    fn slot(&self, index: u32) -> Option<Slot> {
        self.slots.get(index as usize).copied()
    }

    fn load(&self, backend: u32) -> Option<Load<'_>> {
        self.loads.get(backend as usize).map(Load::new)
    }

    fn turn(&self, _service: u32) -> Option<&Word> {
        None
    }

    fn serves(&self, backend: u32, service: u32) -> bool {
        self.serves.get(backend as usize) == Some(&Some(service))
    }

    fn micros(&self) -> u32 {
        0
    }
}
