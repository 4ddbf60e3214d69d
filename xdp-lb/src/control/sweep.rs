//! Which slots may stop moving, which backends may leave, and which flows may be forgotten. Pure.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Instant,
};

use xdp_lb_common::{
    flow::{Flow, FlowKey, Seed},
    slot::Slot,
};

use super::state::Service;
use crate::dataplane::Keep;

/// The slots as they are when a sweep starts, and what it finds out about them.
#[derive(Debug)]
pub(super) struct Sweep {
    services: HashMap<u32, Swept>,
    /// Backends with living flows on slots of other owners, and how many.
    held: BTreeMap<u32, u32>,
    seed: Seed,
    now: u32,
    /// When the program's clock was started: it stands still while no daemon runs, and with it what flows say.
    clock_since: u32,
    started: Instant,
}

#[derive(Debug)]
struct Swept {
    table: Vec<Slot>,
    v6: bool,
    /// Seconds after which a flow without packets has ended.
    idle: u32,
    /// Positions of slots with living flows on backends that do not own them.
    needed: BTreeSet<u32>,
}

impl Sweep {
    /// Over the slots of `services`, `now` seconds on the program's clock, which was started at `clock_since`.
    pub(super) fn new(services: &[Service], seed: Seed, now: u32, clock_since: u32) -> Self {
        let swept = |service: &Service| Swept {
            table: service.table.clone(),
            v6: service.config.vip.is_ipv6(),
            idle: u32::try_from(service.config.drain_timeout.as_secs()).unwrap_or(u32::MAX).max(1),
            needed: BTreeSet::new(),
        };
        let moving = services.iter().filter(|service| !service.moves.is_empty());
        let services = moving.map(|service| (service.index, swept(service))).collect();
        Self { services, held: BTreeMap::new(), seed, now, clock_since, started: Instant::now() }
    }

    /// Judges an entry: what has ended, and what is of another time, may go.
    pub(super) fn judge(&mut self, key: &FlowKey, flow: &Flow) -> Keep {
        let Some(service) = self.services.get_mut(&key.service) else { return Keep::No };
        let hash = key.hash(service.v6, &self.seed);
        let position = ((u64::from(hash) * service.table.len() as u64) >> 32) as u32;
        let Some(slot) = service.table.get(position as usize) else { return Keep::No };
        let silent = |since: u32| self.now.wrapping_sub(since).cast_signed();
        let idle = silent(flow.seen).min(silent(self.clock_since)) > service.idle.cast_signed();
        if !slot.is_moving() || !slot.knows(flow, hash) || idle {
            return Keep::No;
        }
        if flow.backend != slot.owner() {
            service.needed.insert(position);
            *self.held.entry(flow.backend).or_default() += 1;
        }
        Keep::Yes
    }

    /// The settling slots that no flow needs as they are, as positions in the table of the service with this index.
    pub(super) fn settled(&self, service: u32) -> impl Iterator<Item = (u32, Slot)> + '_ {
        self.services.get(&service).into_iter().flat_map(|swept| {
            let settling = (0..).zip(&swept.table).filter(|(_, slot)| slot.is_settling());
            settling.filter(|(position, _)| !swept.needed.contains(position)).map(|(at, slot)| (at, *slot))
        })
    }

    /// When it started.
    pub(super) const fn started(&self) -> Instant {
        self.started
    }

    /// How many living flows each backend has on slots of other owners.
    pub(super) const fn held(&self) -> &BTreeMap<u32, u32> {
        &self.held
    }

    /// Whether a backend that gets no new connections since `then` has none left.
    pub(super) fn free(&self, backend: u32, then: Instant) -> bool {
        self.started > then && !self.held.contains_key(&backend)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xdp_lb_common::{Be16, flow::expand_seed};

    const NOW: u32 = 1000;
    const IDLE: u32 = 60;

    fn sweep(slot: Slot, v6: bool) -> (Sweep, FlowKey, u32) {
        let swept = Swept { table: vec![slot], v6, idle: IDLE, needed: BTreeSet::new() };
        let (seed, services) = (expand_seed(1), HashMap::from([(3, swept)]));
        let sweep = Sweep {
            services,
            held: BTreeMap::new(),
            seed,
            now: NOW,
            clock_since: 1,
            started: Instant::now(),
        };
        let key = FlowKey::new([1, 0, 0, 0], Be16::new(2), Be16::new(80), 3);
        (sweep, key, key.hash(v6, &seed))
    }

    /// Judges one flow on a table of one slot: is it kept, does the slot settle, is its backend held?
    fn check(slot: Slot, backend: u32, age: u32, kept: Keep, settles: bool, held: bool) {
        for v6 in [false, true] {
            let before = Instant::now();
            let (mut sweep, key, hash) = sweep(slot, v6);
            let flow = Flow { backend, seen: NOW - age, generation: slot.generation(), hash };
            assert_eq!(sweep.judge(&FlowKey { service: 4, ..key }, &flow), Keep::No, "an unknown service");
            assert_eq!(sweep.judge(&key, &flow), kept, "{slot:?} {flow:?}");
            assert_eq!(sweep.settled(3).count() == 1, settles, "{slot:?} {flow:?}");
            assert_eq!(sweep.held.contains_key(&backend), held, "{slot:?} {flow:?}");
            assert_eq!(sweep.free(backend, before), !held);
            assert!(!sweep.free(backend, Instant::now()), "the backend left after the sweep had started");
        }
    }

    #[test]
    fn living_flows_hold_slots_and_backends_where_they_differ() {
        let moving = Slot::default().moving(2, 1);
        check(moving, 1, 0, Keep::Yes, false, true);
        check(moving, 2, 0, Keep::Yes, false, false);
        check(moving, 1, IDLE + 1, Keep::No, false, false);
        check(moving.settling(), 1, IDLE, Keep::Yes, false, true);
        check(moving.settling(), 1, IDLE + 1, Keep::No, true, false);
        check(moving.settling(), 2, 0, Keep::Yes, true, false);
        // A third backend, which owned the slot for a while.
        check(moving.settling().owned_by(4), 2, 0, Keep::Yes, false, true);
        check(moving.stable(2), 1, 0, Keep::No, false, false);
    }

    #[test]
    fn flows_of_an_earlier_move_are_forgotten() {
        let earlier = Slot::default().moving(2, 1);
        let (mut sweep, key, hash) = sweep(earlier.stable(2).moving(1, 2), false);
        let flow = Flow { backend: 2, seen: NOW, generation: earlier.generation(), hash };
        assert_eq!(sweep.judge(&key, &flow), Keep::No);
    }

    #[test]
    fn flows_are_not_idle_for_what_the_clock_missed() {
        let slot = Slot::default().moving(2, 1);
        let (mut sweep, key, hash) = sweep(slot, false);
        sweep.clock_since = NOW - IDLE;
        let flow = Flow { backend: 1, seen: 5, generation: slot.generation(), hash };
        assert_eq!(sweep.judge(&key, &flow), Keep::Yes);
    }

    #[test]
    fn a_flow_seen_after_the_sweep_started_lives() {
        let slot = Slot::default().moving(2, 1);
        let (mut sweep, key, hash) = sweep(slot, false);
        let flow = Flow { backend: 1, seen: NOW + 5, generation: slot.generation(), hash };
        assert_eq!(sweep.judge(&key, &flow), Keep::Yes);
    }
}
