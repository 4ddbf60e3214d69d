//! A model under traffic: what becomes of the connections that it has.

use std::collections::BTreeMap;

use super::{
    model::{Cause, Model, Packet},
    report::Outcome,
    world::{Service, World},
};
use crate::slots;

/// A model, and what has become of its connections.
pub(super) struct Trial<M> {
    pub(super) model: M,
    name: &'static str,
    /// Entries of its table of connections.
    entries: u32,
    packets: u64,
    opened: u64,
    refused: u64,
    lost: u64,
    broken: BTreeMap<Cause, u64>,
    /// Connections by backend index.
    live: Vec<u32>,
    /// How far a backend's slots were off its exact share, at most.
    off: f64,
    /// What part of all connections are not on the backends that should have them: the sum over all samples, and how
    /// many these are.
    astray: f64,
    samples: u32,
}

impl<M: Model> Trial<M> {
    pub(super) fn new(name: &'static str, model: M, entries: u32, world: &World) -> Self {
        Self {
            model,
            name,
            entries,
            packets: 0,
            opened: 0,
            refused: 0,
            lost: 0,
            broken: BTreeMap::new(),
            live: vec![0; world.fates.len()],
            off: 0.0,
            astray: 0.0,
            samples: 0,
        }
    }

    /// A service's backends have changed.
    pub(super) fn follow(&mut self, world: &World, service: usize, now: u32) {
        self.model.follow(world, service, now);
        let mut owned = vec![0u32; world.fates.len()];
        self.model.owned(service, &mut |backend| owned[backend as usize] += 1);
        let slots = world.services[service].slots;
        self.off = shares(&world.services[service], slots).fold(self.off, |off, (index, exact)| {
            let difference = (f64::from(owned[index as usize]) - exact).abs();
            off.max(difference)
        });
    }

    /// A connection is opened; the backend that it gets.
    pub(super) fn open(&mut self, packet: &Packet) -> u32 {
        self.packets += 1;
        self.opened += 1;
        let backend = self.model.send(packet);
        if backend == 0 {
            self.refused += 1;
        } else {
            self.live[backend as usize] += 1;
        }
        backend
    }

    /// A connection on `backend` sends a packet, having been silent for `silent` milliseconds; where it is then, 0 if it
    /// is no more.
    pub(super) fn go_on(&mut self, backend: u32, packet: &Packet, silent: u32, world: &World) -> u32 {
        if backend == 0 {
            return 0;
        }
        self.packets += 1;
        let sent = self.model.send(packet);
        let fate = world.fates[backend as usize];
        if !fate.lives || fate.died.is_some_and(|died| died >= packet.now - silent) {
            self.lost += 1;
        } else if sent == backend {
            return backend;
        } else {
            *self.broken.entry(self.model.explain(packet, silent)).or_default() += 1;
        }
        self.end(backend, packet.serial);
        0
    }

    /// A connection on `backend` has ended.
    pub(super) fn end(&mut self, backend: u32, serial: u32) {
        if backend != 0 {
            self.live[backend as usize] -= 1;
            self.model.forget(serial);
        }
    }

    pub(super) fn outcome(&self) -> Outcome {
        let facts = self.model.facts();
        Outcome {
            name: self.name,
            opened: self.opened,
            refused: self.refused,
            broken: self.broken.values().sum(),
            causes: self.broken.iter().map(|(cause, count)| (cause.text(), *count)).collect(),
            lost: self.lost,
            packets: self.packets,
            looked_up: facts.looked_up,
            entries: self.entries,
            peak: facts.peak,
            moved: facts.moved,
            off: self.off,
            astray: self.astray / f64::from(self.samples.max(1)),
            waiting: facts.waiting,
            waited: facts.waited,
        }
    }

    /// A second has passed.
    pub(super) fn tick(&mut self, world: &World, now: u32) {
        self.model.tick(world, now);
        let total = self.live.iter().copied().map(f64::from).sum::<f64>().max(1.0);
        self.astray += world.services.iter().map(|service| self.surplus(service)).sum::<f64>() / total;
        self.samples += 1;
    }

    /// How many connections backends of a service have beyond their exact shares.
    fn surplus(&self, service: &Service) -> f64 {
        let live = |index: u32| f64::from(self.live[index as usize]);
        let total: f64 = service.backends.iter().map(|backend| live(backend.index)).sum();
        let serving: BTreeMap<u32, f64> = shares(service, 1).collect();
        let share = |index: u32| total * serving.get(&index).copied().unwrap_or(0.0);
        service.backends.iter().map(|b| (live(b.index) - share(b.index)).max(0.0)).sum()
    }
}

/// The exact share of `whole` that each backend with a share should have, by index.
fn shares(service: &Service, whole: u32) -> impl Iterator<Item = (u32, f64)> + '_ {
    let total: u32 = service.backends.iter().map(super::world::Backend::share).sum();
    let serving = service.backends.iter().filter(|backend| backend.share() > 0);
    serving.map(move |b| (b.index, f64::from(whole) * f64::from(b.share()) / f64::from(total)))
}

/// The least number of slots that must get other owners when a service's backends change.
pub(super) fn unavoidable(before: &Service, after: &Service) -> u64 {
    let quotas = |service: &Service| -> BTreeMap<u32, u32> {
        let candidates = service.candidates();
        let quotas = slots::quotas(service.slots, &candidates);
        candidates.iter().map(|candidate| candidate.index).zip(quotas).collect()
    };
    let had = quotas(before);
    let gained = |(index, quota): (u32, u32)| quota.saturating_sub(had.get(&index).copied().unwrap_or(0));
    quotas(after).into_iter().map(gained).map(u64::from).sum()
}
