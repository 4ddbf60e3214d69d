//! This balancer: the product's own code over [`Maps`], with the daemon's part of it once a second.

use std::{
    collections::HashSet,
    ops::Range,
    time::{Duration, Instant},
};

use xdp_lb_common::{
    flow::{Seed, expand_seed},
    service::{self, Policy},
    slot::{NO_BACKEND, Slot},
    track::{self, Event, Flow, Segment, Table},
};

use super::{
    memory::Maps,
    model::{Cause, Facts, Kind, Model, Packet, flow, position},
    world::{Service, World},
};
use crate::{
    config::Protocol,
    control::sweep::{Sweep, Swept},
    slots::{self, Allowance, Moves, Next, Occupancy},
};

/// Seconds between two sweeps; the daemon's are from one to thirty apart, as the table's size lets it.
const SWEEP: u32 = 5;

/// The program's clock at the start, in seconds.
const CLOCK: u32 = 1;

/// This balancer.
#[derive(Debug)]
pub(super) struct Product {
    maps: Maps,
    services: Vec<State>,
    /// Entries of the flow table.
    entries: u32,
    seed: Seed,
    /// What simulated time is counted from.
    epoch: Instant,
    /// The program's clock.
    clock: u32,
    /// Which service with waiting slots comes first.
    turn: usize,
    /// Connections that were not noted for want of room when they sent last.
    unnoted: HashSet<u32>,
    facts: Facts,
}

/// What the daemon knows of a service.
#[derive(Debug)]
struct State {
    record: service::Service,
    v6: bool,
    udp: bool,
    drain_timeout: Duration,
    moves: Moves,
    waiting: u32,
    /// Connections opened and ended, and packets of flows that could not be noted.
    opened: u32,
    closed: u32,
    unnoted: u64,
}

impl State {
    fn new(base: u32, service: &Service) -> Self {
        Self {
            record: service::Service::new(base, service.slots, Policy::default()),
            v6: service.v6,
            udp: service.protocol == Protocol::Udp,
            drain_timeout: service.drain_timeout,
            moves: Moves::default(),
            waiting: 0,
            opened: 0,
            closed: 0,
            unnoted: 0,
        }
    }

    /// Where its slots are.
    const fn range(&self) -> Range<usize> {
        self.record.base() as usize..(self.record.base() + self.record.size()) as usize
    }
}

impl Product {
    pub(super) fn new(world: &World, entries: u32, seed: u64) -> Self {
        let mut base = 0;
        let state = |service: &Service| {
            let state = State::new(base, service);
            base += service.slots;
            state
        };
        Self {
            maps: Maps::new(world, entries),
            services: world.services.iter().map(state).collect(),
            entries,
            seed: expand_seed(seed),
            epoch: Instant::now(),
            clock: CLOCK,
            turn: 0,
            unnoted: HashSet::new(),
            facts: Facts::default(),
        }
    }

    fn instant(&self, now: u32) -> Instant {
        self.epoch + Duration::from_millis(u64::from(now))
    }

    /// Gives a service's slots to whom they should belong, as far as there is room.
    fn store_table(&mut self, world: &World, at: usize, give_back: bool, now: u32) {
        let now = self.instant(now);
        let taken = self.taken();
        let state = &mut self.services[at];
        let mut flows = state.moves.flows();
        if !flows.is_observed() && !state.udp {
            flows.count(state.opened.saturating_sub(state.closed), state.record.size());
        }
        let room = slots::room(self.entries) - (taken - state.moves.taken());
        let most = state.moves.allowance(room, flows, now, state.drain_timeout);
        let table = &mut self.maps.slots[state.range()];
        let candidates = world.services[at].candidates();
        let Next { table: next, waiting } = slots::next(table, &candidates, || Allowance { most, give_back });
        let differs = |(before, after): &(&Slot, &Slot)| {
            before.owner() != NO_BACKEND && before.owner() != after.owner()
        };
        self.facts.moved += table.iter().zip(&next).filter(differs).count() as u64;
        state.moves.learn(flows);
        state.moves.note(table, &next, now);
        state.waiting = waiting;
        table.copy_from_slice(&next);
    }

    fn taken(&self) -> f64 {
        self.services.iter().map(|state| state.moves.taken()).sum()
    }

    fn look_for_room(&mut self, world: &World, now: u32) {
        for at in 0..self.services.len() {
            let instant = self.instant(now);
            let (thought, noted, capacity) = (self.taken(), self.maps.noted(), self.entries);
            let occupancy = Occupancy { thought, noted, capacity };
            let state = &mut self.services[at];
            let table = &self.maps.slots[state.range()];
            let window = state.drain_timeout;
            if !state.moves.is_empty()
                && state.moves.count_unnoted(state.unnoted, table, occupancy, instant, window)
            {
                self.store_table(world, at, true, now);
            }
        }
    }

    fn serve_waiting(&mut self, world: &World, now: u32) {
        for at in slots::in_turn(self.services.iter().map(|state| state.waiting), &mut self.turn) {
            self.store_table(world, at, false, now);
        }
    }

    fn sweep(&mut self, world: &World, now: u32) {
        let instant = self.instant(now);
        let services = (0..).zip(&mut self.services).map(|(index, state)| {
            let (table, fresh) = (self.maps.slots[state.range()].to_vec(), state.moves.take_fresh());
            (index, Swept::of(table, fresh, state.v6, state.udp, state.drain_timeout))
        });
        let mut sweep = Sweep::new(services, self.seed, self.clock, 0);
        for table in [Table::Flows, Table::Embryos] {
            self.maps.sweep(table, |key, entry, stamp| sweep.judge(table, key, entry, stamp));
        }
        for (index, state) in (0..).zip(&mut self.services) {
            state.moves.learn(sweep.learnt(index, state.moves.flows()));
            let table = &mut self.maps.slots[state.range()];
            let before = table.to_vec();
            for (position, slot) in sweep.settled(index) {
                table[position as usize] = slot.stable(slot.owner());
            }
            state.moves.note(&before, table, instant);
        }
        self.serve_waiting(world, now);
    }
}

impl Model for Product {
    fn follow(&mut self, world: &World, service: usize, now: u32) {
        self.maps.store_backends(world, service);
        self.store_table(world, service, false, now);
    }

    fn tick(&mut self, world: &World, now: u32) {
        self.clock = CLOCK + now / 1000;
        self.facts.peak = self.facts.peak.max(self.maps.noted());
        self.look_for_room(world, now);
        let instant = self.instant(now);
        let mut wanted = false;
        for state in &mut self.services {
            let table = &mut self.maps.slots[state.range()];
            state.moves.end_windows(table, instant, state.drain_timeout);
            wanted |= state.moves.want_sweep(table, instant, state.drain_timeout);
        }
        if wanted && self.clock.is_multiple_of(SWEEP) {
            self.sweep(world, now);
        }
        let waiting: u32 = self.services.iter().map(|state| state.waiting).sum();
        self.facts.waiting = self.facts.waiting.max(waiting);
        self.facts.waited += u64::from(waiting);
    }

    fn send(&mut self, packet: &Packet) -> u32 {
        let state = &mut self.services[packet.service];
        match packet.kind {
            Kind::Open => state.opened += 1,
            Kind::Close => state.closed += 1,
            Kind::Data => {}
        }
        let range = state.range();
        let slot = self.maps.slots[range.start + position(packet.hash, range.len())];
        if !slot.is_moving() {
            return slot.owner();
        }
        self.facts.looked_up += 1;
        let segment = Segment::new(match (packet.kind, state.udp) {
            (_, true) => Segment::UDP,
            (Kind::Open, false) => Segment::SYN,
            (Kind::Data, false) => Segment::DATA,
            (Kind::Close, false) => Segment::FIN,
        });
        let key = flow(packet.serial, packet.service, state.v6);
        let hash = packet.hash;
        let flow = Flow { key: &key, hash, slot_hash: hash, slot, service: &state.record };
        let Ok(decision) = track::decide(&self.maps, &self.maps.sizes, self.clock, flow, segment) else {
            return 0;
        };
        if decision.event == Event::Unnoted {
            state.unnoted += 1;
            self.unnoted.insert(packet.serial);
        }
        decision.backend
    }

    fn explain(&self, packet: &Packet, silent: u32) -> Cause {
        let state = &self.services[packet.service];
        let slot = self.maps.slots[state.range().start + position(packet.hash, state.range().len())];
        if u128::from(silent) > state.drain_timeout.as_millis() {
            Cause::Silent
        } else if self.unnoted.contains(&packet.serial) {
            Cause::Unnoted
        } else if slot.owner() == NO_BACKEND {
            Cause::Dropped
        } else {
            Cause::Unexplained
        }
    }

    fn forget(&mut self, serial: u32) {
        if !self.unnoted.is_empty() {
            self.unnoted.remove(&serial);
        }
    }

    fn owned(&self, service: usize, count: &mut dyn FnMut(u32)) {
        self.maps.slots[self.services[service].range()].iter().for_each(|slot| count(slot.owner()));
    }

    fn facts(&self) -> Facts {
        self.facts.clone()
    }
}
