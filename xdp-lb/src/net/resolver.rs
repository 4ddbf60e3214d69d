//! The targets, their routes, and what follows from them with the tables. Pure: facts and the time come in as arguments.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    net::IpAddr,
    time::Instant,
};

use super::{
    NextHop, Unresolved, decide,
    table::{Tables, Work},
    wire::{NeighbourKey, Route},
};

/// The way to one target, as last looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Way {
    route: Option<Route>,
    /// The interface it was last reached by: routes vanish with their interface, and then this says why.
    interface: Option<(u32, String)>,
}

/// Everything known, and the next hops that follow.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    pub(super) tables: Tables,
    ways: BTreeMap<IpAddr, Way>,
    /// The neighbours the ways lead through.
    neighbours: HashSet<NeighbourKey>,
}

impl Resolver {
    /// Replaces the targets; the ways to those that stay are kept.
    pub(super) fn set_targets(&mut self, targets: &BTreeSet<IpAddr>) -> Work {
        let before = self.ways.len();
        self.ways.retain(|target, _| targets.contains(target));
        let removed = self.ways.len() != before;
        let kept = self.ways.len();
        for target in targets {
            self.ways.entry(*target).or_default();
        }
        let added = self.ways.len() != kept;
        self.track();
        match (added, removed) {
            (true, _) => Work::Lookup,
            (false, true) => Work::Publish,
            (false, false) => Work::Nothing,
        }
    }

    /// Every target.
    pub(super) fn targets(&self) -> impl Iterator<Item = IpAddr> {
        self.ways.keys().copied()
    }

    /// Takes in the answers to route lookups.
    pub(super) fn set_routes(&mut self, routes: impl IntoIterator<Item = (IpAddr, Route)>) {
        for (target, route) in routes {
            let Some(way) = self.ways.get_mut(&target) else { continue };
            way.route = Some(route);
            if let Route::Via { ifindex, .. } = route
                && let Some(link) = self.tables.link(ifindex)
            {
                way.interface = Some((ifindex, link.name.clone()));
            }
        }
        self.track();
    }

    /// The next hop of every target at `now`.
    pub(super) fn next_hops(&self, now: Instant) -> HashMap<IpAddr, NextHop> {
        self.ways.iter().map(|(target, way)| (*target, self.next_hop(*target, way, now))).collect()
    }

    /// Up to `limit` neighbours the kernel should be asked at `now` to use, those overdue longest first.
    pub(super) fn due(&self, now: Instant, limit: usize) -> Vec<NeighbourKey> {
        let sends = |key: &NeighbourKey| {
            let link = self.tables.link(key.ifindex);
            decide::down(link).is_none() && link.is_some_and(|link| link.mac.is_some())
        };
        let overdue = |key: &NeighbourKey| Some((Reverse(self.tables.overdue(key, now)?), *key));
        let mut due: Vec<_> =
            self.neighbours.iter().filter_map(overdue).filter(|(_, key)| sends(key)).collect();
        due.sort_unstable();
        due.into_iter().take(limit).map(|(_, key)| key).collect()
    }

    fn next_hop(&self, target: IpAddr, way: &Way, now: Instant) -> NextHop {
        let next_hop = decide::next_hop(target, way.route, &self.tables, now);
        if next_hop == NextHop::Unresolved(Unresolved::NoRoute)
            && let Some((ifindex, interface)) = &way.interface
            && let Some(cause) = decide::down(self.tables.link(*ifindex))
        {
            return NextHop::Unresolved(Unresolved::InterfaceDown { interface: interface.clone(), cause });
        }
        next_hop
    }

    fn track(&mut self) {
        self.neighbours =
            self.ways.iter().filter_map(|(target, way)| decide::neighbour(*target, way.route)).collect();
        self.tables.prune(|key| self.neighbours.contains(key));
    }
}

#[cfg(test)]
mod tests;
