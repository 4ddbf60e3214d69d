//! Maps on the heap: decisions without a kernel, for simulations and tests.

extern crate alloc;

use alloc::vec::Vec;
use core::array;

use super::{Buckets, Cells, Memory, Table, TableSizes};
use crate::{
    atomic::Word,
    load::{self, Load},
    slot::{NO_BACKEND, Slot},
};

/// What the program has in its maps.
#[derive(Debug)]
pub struct Heap {
    flows: Vec<Cells>,
    embryos: Vec<Cells>,
    clients: Vec<Cells>,
    /// Slots of all services.
    pub slots: Vec<Slot>,
    /// Whose backend each is, by backend index; `None`: it is not in use, or dead.
    pub serves: Vec<Option<u32>>,
    loads: Vec<[Word; load::WORDS]>,
    turns: Vec<Word>,
    /// What the clock says, in microseconds.
    pub micros: u32,
}

impl Heap {
    /// Empty tables of these sizes, and room for so many slots, backends (index 0 included) and services.
    #[must_use]
    pub fn new(sizes: TableSizes, slots: usize, backends: usize, services: usize) -> Self {
        Self {
            flows: cells(sizes.flows),
            embryos: cells(sizes.embryos),
            clients: cells(sizes.clients),
            slots: alloc::vec![Slot::default(); slots],
            serves: alloc::vec![None; backends],
            loads: (0..backends).map(|_| words()).collect(),
            turns: (0..services).map(|_| Word::default()).collect(),
            micros: 0,
        }
    }

    /// The buckets of a table.
    #[must_use]
    pub fn table(&self, table: Table) -> &[Cells] {
        match table {
            Table::Flows => &self.flows,
            Table::Embryos => &self.embryos,
            Table::Clients => &self.clients,
        }
    }
}

fn cells(buckets: u32) -> Vec<Cells> {
    (0..buckets).map(|_| words()).collect()
}

fn words<const N: usize>() -> [Word; N] {
    array::from_fn(|_| Word::default())
}

impl Buckets for Heap {
    fn bucket(&self, table: Table, index: u32) -> Option<&Cells> {
        self.table(table).get(index as usize)
    }
}

impl Memory for Heap {
    fn slot(&self, index: u32) -> Option<Slot> {
        self.slots.get(index as usize).copied()
    }

    fn load(&self, backend: u32) -> Option<Load<'_>> {
        self.loads.get(backend as usize).map(Load::new)
    }

    fn turn(&self, service: u32) -> Option<&Word> {
        self.turns.get(service as usize)
    }

    fn serves(&self, backend: u32, service: u32) -> bool {
        backend != NO_BACKEND && self.serves.get(backend as usize) == Some(&Some(service))
    }

    fn micros(&self) -> u32 {
        self.micros
    }
}
