//! Which slots may stop moving, which backends may leave, and which flows may be forgotten. Pure.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::{Duration, Instant},
};

use xdp_lb_common::{
    flow::{FlowKey, Seed},
    slot::Slot,
    track::{Entry, Keep, Stamp, State, Table},
};

use super::state::Service;
use crate::{config::Protocol, slots::Flows};

/// How long connections that have ended stay noted, in seconds: their last packets go where the others went.
const ENDED: u32 = 10;

/// The slots as they are when a sweep starts, and what it finds out about them.
#[derive(Debug)]
pub(crate) struct Sweep {
    services: HashMap<u32, Swept>,
    /// How many flows of each service are elsewhere than their slots say, but for what is noted of them.
    strays: HashMap<u32, usize>,
    /// Backends with living flows that nothing but their entries keeps there, and how many.
    held: BTreeMap<u32, u32>,
    seed: Seed,
    now: u32,
    /// When the program's clock was started: it stands still while no daemon runs, and with it what flows say.
    clock_since: u32,
    started: Instant,
}

/// A service's slots, and what is found out about them.
#[derive(Debug)]
pub(crate) struct Swept {
    table: Vec<Slot>,
    v6: bool,
    /// Seconds after which a flow without packets has ended, if it is noted for its slot's sake.
    drain: u32,
    /// The same, if every flow of the service is noted; `None`: they are not.
    idle: Option<u32>,
    /// How long a client is remembered.
    affinity: Option<u32>,
    /// Whether UDP: a flow of which one packet was seen is as good as another.
    udp: bool,
    /// Positions of slots with living flows on backends that do not own them.
    needed: BTreeSet<u32>,
    /// Positions of slots whose windows have ended since the last sweep, and how many living flows these have.
    fresh: BTreeSet<u32>,
    fresh_flows: u32,
    /// How many entries settling slots need.
    settling_flows: u32,
}

impl Swept {
    pub(super) fn new(service: &mut Service) -> Self {
        let config = &service.config;
        let (v6, udp) = (config.vip.is_ipv6(), config.protocol == Protocol::Udp);
        let fresh = service.moves.take_fresh();
        Self {
            idle: service.tracking.notes_all().then(|| seconds(config.idle_timeout)),
            affinity: config.affinity.filter(|_| service.tracking.chooses()).map(seconds),
            ..Self::of(service.table.clone(), fresh, v6, udp, config.drain_timeout)
        }
    }

    /// A table, with the positions of slots whose windows have ended since the last sweep.
    pub(crate) fn of(
        table: Vec<Slot>,
        fresh: BTreeSet<u32>,
        v6: bool,
        udp: bool,
        drain_timeout: Duration,
    ) -> Self {
        Self {
            table,
            v6,
            drain: seconds(drain_timeout),
            idle: None,
            affinity: None,
            udp,
            needed: BTreeSet::new(),
            fresh,
            fresh_flows: 0,
            settling_flows: 0,
        }
    }

    /// Seconds without a packet after which an entry may go; `None`: at once.
    fn lifetime(&self, table: Table, slot: Slot, entry: Entry) -> Option<u32> {
        match (table, entry.state()) {
            (Table::Clients, _) => self.affinity,
            (Table::Flows, State::Ended | State::Closed) => Some(ENDED),
            (Table::Embryos, State::Opening) if !self.udp => State::Opening.lifetime(),
            // What was noted of a service that notes everything holds while it does.
            _ if entry.is_tracked() && self.idle.is_some() => self.idle,
            _ if slot.is_moving() && entry.holds(slot) => Some(self.drain),
            _ => None,
        }
    }
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX).max(1)
}

impl Sweep {
    /// Over the slots of `services`, `now` seconds on the program's clock, which was started at `clock_since`.
    pub(crate) fn new(
        services: impl Iterator<Item = (u32, Swept)>,
        seed: Seed,
        now: u32,
        clock_since: u32,
    ) -> Self {
        let services = services.collect();
        Self {
            services,
            strays: HashMap::new(),
            held: BTreeMap::new(),
            seed,
            now,
            clock_since,
            started: Instant::now(),
        }
    }

    /// Judges an entry: what has ended, what is of another time, and what unknown packets find all the same, may go.
    pub(crate) fn judge(&mut self, table: Table, key: &FlowKey, entry: Entry, stamp: Stamp) -> Keep {
        // What was noted just now may be of a service, or of a move, that this sweep does not know of yet.
        let unknown = if stamp.idle(self.now) <= 1 { Keep::Yes } else { Keep::No };
        let Some(service) = self.services.get_mut(&key.service) else { return unknown };
        let hash =
            if service.affinity.is_some() { FlowKey { ports: key.ports & !0xffff, ..*key } } else { *key }
                .hash(service.v6, &self.seed);
        let position = ((u64::from(hash) * service.table.len() as u64) >> 32) as u32;
        let Some(slot) = service.table.get(position as usize) else { return unknown };
        let idle = stamp.idle(self.now).min(Stamp { seen: self.clock_since, ..stamp }.idle(self.now));
        match service.lifetime(table, *slot, entry) {
            None => return unknown,
            Some(lifetime) if idle > lifetime => return Keep::No,
            Some(_) => {}
        }
        if table == Table::Clients || matches!(entry.state(), State::Ended | State::Closed) {
            return Keep::Yes;
        }
        let elsewhere = entry.backend() != slot.owner();
        let tracked = entry.is_tracked() && service.idle.is_some();
        if tracked {
            *self.strays.entry(key.service).or_default() += usize::from(elsewhere);
        } else {
            service.fresh_flows += u32::from(service.fresh.contains(&position));
            if slot.implies(entry.backend()) {
                return Keep::No;
            }
            service.settling_flows += u32::from(slot.is_settling());
            if elsewhere {
                service.needed.insert(position);
            }
        }
        if tracked || elsewhere {
            *self.held.entry(entry.backend()).or_default() += 1;
        }
        Keep::Yes
    }

    /// The settling slots that no flow needs as they are, as positions in the table of the service with this index.
    pub(crate) fn settled(&self, service: u32) -> impl Iterator<Item = (u32, Slot)> + '_ {
        self.services.get(&service).into_iter().flat_map(|swept| {
            let settling = (0..).zip(&swept.table).filter(|(_, slot)| slot.is_settling());
            settling.filter(|(position, _)| !swept.needed.contains(position)).map(|(at, slot)| (at, *slot))
        })
    }

    /// Whether the service with this index had a table of this length when the sweep started.
    pub(super) fn is_of(&self, service: u32, length: usize) -> bool {
        self.services.get(&service).is_some_and(|swept| swept.table.len() == length)
    }

    /// How many flows of a service are elsewhere than their slots say, but for what is noted of them.
    pub(super) fn strays(&self, service: u32) -> usize {
        self.strays.get(&service).copied().unwrap_or(0)
    }

    /// What is known by now of flows on the moving slots of the service with this index.
    pub(crate) fn learnt(&self, service: u32, mut flows: Flows) -> Flows {
        if let Some(swept) = self.services.get(&service) {
            // The others stop moving.
            let settle = |position: &&u32| swept.table[**position as usize].is_settling();
            let settling = swept.needed.iter().filter(settle).count();
            flows.observe(swept.fresh_flows, swept.fresh.len() as u32);
            flows.observe_settling(swept.settling_flows, settling as u32);
        }
        flows
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
mod tests;
