//! The kernel's interfaces and neighbours as last heard. Pure: facts and the time come in as arguments.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::{Duration, Instant},
};

use super::{
    Link,
    neighbour::{Answer, Neighbour},
    wire::{Event, NeighbourKey, NeighbourState},
};

/// What a change makes necessary; each step includes those before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Work {
    #[default]
    Nothing,
    /// Next hops or interfaces may be others.
    Publish,
    /// Route lookups may have other answers.
    Lookup,
    /// Changes are missing: everything has to be read again.
    Reread,
}

/// Interfaces and neighbours.
#[derive(Debug, Default)]
pub(super) struct Tables {
    links: BTreeMap<u32, Link>,
    neighbours: HashMap<NeighbourKey, Neighbour>,
    /// Neighbours that failed since [`Tables::settle`].
    failing: Vec<NeighbourKey>,
}

impl Tables {
    pub(super) fn link(&self, index: u32) -> Option<&Link> {
        self.links.get(&index)
    }

    /// All interfaces, by index.
    pub(super) fn links(&self) -> Vec<Link> {
        self.links.values().cloned().collect()
    }

    /// The neighbour's address at `now`.
    pub(super) fn answer(&self, key: &NeighbourKey, now: Instant) -> Answer {
        self.neighbours.get(key).unwrap_or(&Neighbour::UNKNOWN).answer(now)
    }

    /// How long ago, at `now`, the kernel should have been asked to use this neighbour; none if that is not due.
    pub(super) fn overdue(&self, key: &NeighbourKey, now: Instant) -> Option<Duration> {
        self.neighbours.get(key).unwrap_or(&Neighbour::UNKNOWN).overdue(now)
    }

    /// Notes that the kernel was asked at `now` to use this neighbour, and whether it had room for an entry.
    pub(super) fn asked(&mut self, key: NeighbourKey, now: Instant, room: bool) {
        self.neighbours.entry(key).or_insert(Neighbour::UNKNOWN).asked(now, room);
    }

    /// Takes in one change.
    pub(super) fn apply(&mut self, event: Event) -> Work {
        match event {
            Event::Link(link) => self.set_link(link),
            Event::LinkGone(index) => {
                self.neighbours.retain(|key, _| key.ifindex != index);
                let known = self.links.remove(&index).is_some();
                if known { Work::Lookup } else { Work::Nothing }
            }
            Event::Neighbour { key, state, mac } => {
                if state == NeighbourState::Failed {
                    self.failing.push(key);
                }
                self.change(key, |neighbour| neighbour.observe(state, mac))
            }
            Event::NeighbourGone(key) => self.lose_neighbour(key),
            Event::Routing => Work::Lookup,
            Event::Overrun => Work::Reread,
        }
    }

    /// Takes in a whole listing of interfaces; those not in it are gone.
    pub(super) fn replace_links(&mut self, links: Vec<Event>) -> Work {
        let mut missing: HashSet<u32> = self.links.keys().copied().collect();
        let mut work = Work::Nothing;
        for event in links {
            if let Event::Link(link) = &event {
                missing.remove(&link.index);
            }
            work = work.max(self.apply(event));
        }
        for index in missing {
            work = work.max(self.apply(Event::LinkGone(index)));
        }
        work
    }

    /// Takes in a whole listing of neighbours; those not in it are gone.
    pub(super) fn replace_neighbours(&mut self, neighbours: Vec<Event>) {
        let mut missing: HashSet<NeighbourKey> =
            self.neighbours.iter().filter(|(_, known)| known.in_kernel()).map(|(key, _)| *key).collect();
        for event in neighbours {
            if let Event::Neighbour { key, .. } = &event {
                missing.remove(key);
            }
            self.apply(event);
        }
        for key in missing {
            self.apply(Event::NeighbourGone(key));
        }
    }

    /// Ends a burst of changes that belong together.
    pub(super) fn settle(&mut self) {
        for key in self.failing.drain(..) {
            if let Some(neighbour) = self.neighbours.get_mut(&key) {
                neighbour.settle();
            }
        }
    }

    /// Forgets neighbours that the kernel does not have and nobody `tracks`.
    pub(super) fn prune(&mut self, tracks: impl Fn(&NeighbourKey) -> bool) {
        self.neighbours.retain(|key, neighbour| neighbour.in_kernel() || tracks(key));
    }

    fn set_link(&mut self, link: Link) -> Work {
        let index = link.index;
        let sends = link.up && link.carrier;
        let before = self.links.insert(index, link);
        let now = self.links.get(&index);
        if before.as_ref() == now {
            return Work::Nothing;
        }
        if !sends {
            // What was at the other end may not be there when the interface comes back.
            self.neighbours.retain(|key, neighbour| key.ifindex != index || neighbour.in_kernel());
        }
        Work::Lookup
    }

    fn lose_neighbour(&mut self, key: NeighbourKey) -> Work {
        let sends = self.link(key.ifindex).is_some_and(|link| link.up && link.carrier);
        if sends {
            self.change(key, Neighbour::remove)
        } else {
            match self.neighbours.remove(&key) {
                Some(_) => Work::Publish,
                None => Work::Nothing,
            }
        }
    }

    fn change(&mut self, key: NeighbourKey, change: impl FnOnce(&mut Neighbour)) -> Work {
        let neighbour = self.neighbours.entry(key).or_insert(Neighbour::UNKNOWN);
        let before = neighbour.outcome();
        change(neighbour);
        if before == neighbour.outcome() { Work::Nothing } else { Work::Publish }
    }
}

#[cfg(test)]
mod tests;
