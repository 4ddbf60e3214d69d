//! What others do: Maglev tables rebuilt from scratch at every change, without and with an LRU table of connections.

use std::num::NonZeroUsize;

use lru::LruCache;

use super::{
    model::{Cause, Facts, Kind, Model, Packet, position},
    world::World,
};
use crate::slots::{self, Member, NOBODY};

/// Maglev tables alone.
#[derive(Debug, Default)]
pub(super) struct Maglev {
    /// Owners by service and slot.
    tables: Vec<Vec<u32>>,
    moved: u64,
}

impl Maglev {
    fn owner(&self, packet: &Packet) -> u32 {
        let table = &self.tables[packet.service];
        table[position(packet.hash, table.len())]
    }
}

impl Model for Maglev {
    fn follow(&mut self, world: &World, service: usize, _now: u32) {
        let candidates = world.services[service].candidates();
        let members: Vec<Member> =
            candidates.iter().map(|c| Member { identity: c.identity, weight: c.weight }).collect();
        let size = world.services[service].slots;
        let owner = |member: u32| if member == NOBODY { 0 } else { candidates[member as usize].index };
        let table: Vec<u32> = slots::fill(size, &members).into_iter().map(owner).collect();
        self.tables.resize(world.services.len(), Vec::new());
        self.moved += table.iter().zip(&self.tables[service]).filter(|(new, old)| new != old).count() as u64;
        self.tables[service] = table;
    }

    fn tick(&mut self, _world: &World, _now: u32) {}

    fn send(&mut self, packet: &Packet) -> u32 {
        self.owner(packet)
    }

    fn explain(&self, packet: &Packet, _silent: u32) -> Cause {
        if self.owner(packet) == 0 { Cause::Dropped } else { Cause::Moved }
    }

    fn forget(&mut self, _serial: u32) {}

    fn owned(&self, service: usize, count: &mut dyn FnMut(u32)) {
        self.tables[service].iter().for_each(|owner| count(*owner));
    }

    fn facts(&self) -> Facts {
        Facts { moved: self.moved, ..Facts::default() }
    }
}

/// Every packet's connection is looked up in a table that keeps those that were seen last; what it does not know goes
/// where a Maglev table says.
pub(super) struct Lru {
    maglev: Maglev,
    /// Backends by connection.
    table: LruCache<u32, u32>,
    /// Backends that are dead, by index: what is known of their connections is of no use.
    dead: Vec<bool>,
    looked_up: u64,
}

impl Lru {
    pub(super) fn new(entries: u32) -> Self {
        let entries = NonZeroUsize::new(entries as usize).unwrap_or(NonZeroUsize::MIN);
        Self { maglev: Maglev::default(), table: LruCache::new(entries), dead: Vec::new(), looked_up: 0 }
    }
}

impl Model for Lru {
    fn follow(&mut self, world: &World, service: usize, now: u32) {
        self.maglev.follow(world, service, now);
        self.dead = world.fates.iter().map(|fate| !fate.lives).collect();
    }

    fn tick(&mut self, _world: &World, _now: u32) {}

    fn send(&mut self, packet: &Packet) -> u32 {
        self.looked_up += 1;
        if packet.kind != Kind::Open
            && let Some(&backend) = self.table.get(&packet.serial)
            && !self.dead[backend as usize]
        {
            return backend;
        }
        let backend = self.maglev.owner(packet);
        if backend != 0 {
            self.table.put(packet.serial, backend);
        }
        backend
    }

    fn explain(&self, packet: &Packet, silent: u32) -> Cause {
        let cause = self.maglev.explain(packet, silent);
        if cause == Cause::Moved { Cause::Evicted } else { cause }
    }

    fn forget(&mut self, _serial: u32) {}

    fn owned(&self, service: usize, count: &mut dyn FnMut(u32)) {
        self.maglev.owned(service, count);
    }

    fn facts(&self) -> Facts {
        Facts { looked_up: self.looked_up, peak: self.table.len() as u32, ..self.maglev.facts() }
    }
}
