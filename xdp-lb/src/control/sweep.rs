//! Which slots may stop moving, and which flows may be forgotten. Pure.

use std::collections::{BTreeSet, HashMap};

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
    seed: Seed,
    now: u32,
}

#[derive(Debug)]
struct Swept {
    table: Vec<Slot>,
    v6: bool,
    /// Seconds after which a flow without packets has ended.
    idle: u32,
    /// Positions of settling slots that a flow still needs as they are.
    needed: BTreeSet<u32>,
}

impl Sweep {
    /// Over the slots of `services`, `now` seconds on the program's clock.
    pub(super) fn new(services: &[Service], seed: Seed, now: u32) -> Self {
        let swept = |service: &Service| Swept {
            table: service.table.clone(),
            v6: service.config.vip.is_ipv6(),
            idle: u32::try_from(service.config.drain_timeout.as_secs()).unwrap_or(u32::MAX).max(1),
            needed: BTreeSet::new(),
        };
        let services = services.iter().map(|service| (service.index, swept(service))).collect();
        Self { services, seed, now }
    }

    /// Judges an entry: what only repeats what its slot says, or is of another time, may go.
    pub(super) fn judge(&mut self, key: &FlowKey, flow: &Flow) -> Keep {
        let Some(service) = self.services.get_mut(&key.service) else { return Keep::No };
        let hash = key.hash(service.v6, &self.seed);
        let position = ((u64::from(hash) * service.table.len() as u64) >> 32) as u32;
        let Some(slot) = service.table.get(position as usize) else { return Keep::No };
        if !slot.is_moving() || !slot.knows(flow) {
            return Keep::No;
        }
        if slot.is_settling() && flow.backend == slot.previous() {
            if self.now.wrapping_sub(flow.seen) > service.idle {
                return Keep::No;
            }
            service.needed.insert(position);
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use xdp_lb_common::{Be16, flow::expand_seed};

    const NOW: u32 = 1000;
    const IDLE: u32 = 60;

    /// Judges one flow on a table of one slot: is it kept, and does the slot settle?
    fn check(slot: Slot, backend: u32, age: u32, kept: Keep, settles: bool) {
        let swept = Swept { table: vec![slot], v6: false, idle: IDLE, needed: BTreeSet::new() };
        let mut sweep = Sweep { services: HashMap::from([(3, swept)]), seed: expand_seed(1), now: NOW };
        let key = FlowKey::new([1, 0, 0, 0], Be16::new(2), Be16::new(80), 3);
        let flow = Flow { backend, seen: NOW - age, generation: slot.generation(), reserved: 0 };
        assert_eq!(sweep.judge(&key, &flow), kept, "{slot:?} {flow:?}");
        assert_eq!(sweep.settled(3).count() == 1, settles, "{slot:?} {flow:?}");
        assert_eq!(sweep.judge(&FlowKey { service: 4, ..key }, &flow), Keep::No, "an unknown service");
    }

    #[test]
    fn flows_hold_settling_slots_only_where_they_differ_and_live() {
        let moving = Slot::default().moving(2, 1);
        check(moving, 1, 0, Keep::Yes, false);
        check(moving, 1, IDLE + 1, Keep::Yes, false);
        check(moving.settling(), 1, IDLE, Keep::Yes, false);
        check(moving.settling(), 1, IDLE + 1, Keep::No, true);
        check(moving.settling(), 2, 0, Keep::Yes, true);
        check(moving.settling(), 9, 0, Keep::No, true);
        check(moving.stable(2), 1, 0, Keep::No, false);
    }

    #[test]
    fn flows_of_an_earlier_move_are_forgotten() {
        let earlier = Slot::default().moving(2, 1);
        let slot = earlier.stable(2).moving(1, 2);
        let swept = Swept { table: vec![slot], v6: true, idle: IDLE, needed: BTreeSet::new() };
        let mut sweep = Sweep { services: HashMap::from([(3, swept)]), seed: expand_seed(1), now: NOW };
        let key = FlowKey::new([1, 2, 3, 4], Be16::new(2), Be16::new(80), 3);
        let flow = Flow { backend: 2, seen: NOW, generation: earlier.generation(), reserved: 0 };
        assert_eq!(sweep.judge(&key, &flow), Keep::No);
    }
}
