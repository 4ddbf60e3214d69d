//! The kernel's interfaces and neighbours as last heard. Pure: facts and the time come in as arguments.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Instant,
};

use super::{
    Link,
    neighbour::{Answer, Neighbour},
    wire::{Event, NeighbourKey},
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

    /// Whether the kernel should be asked at `now` to use this neighbour.
    pub(super) fn is_due(&self, key: &NeighbourKey, now: Instant) -> bool {
        self.neighbours.get(key).unwrap_or(&Neighbour::UNKNOWN).is_due(now)
    }

    /// Notes that the kernel was asked at `now` to use this neighbour.
    pub(super) fn asked(&mut self, key: NeighbourKey, now: Instant) {
        self.neighbours.entry(key).or_insert(Neighbour::UNKNOWN).asked(now);
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
                self.change(key, |neighbour| neighbour.observe(state, mac))
            }
            Event::NeighbourGone(key) => self.lose_neighbour(key),
            Event::Routing => Work::Lookup,
            Event::Overrun => Work::Reread,
        }
    }

    /// Takes in whole listings; what they do not hold is gone.
    pub(super) fn replace(&mut self, links: Vec<Event>, neighbours: Vec<Event>) {
        let mut missing: HashSet<u32> = self.links.keys().copied().collect();
        for event in links {
            if let Event::Link(link) = &event {
                missing.remove(&link.index);
            }
            self.apply(event);
        }
        for index in missing {
            self.apply(Event::LinkGone(index));
        }

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
