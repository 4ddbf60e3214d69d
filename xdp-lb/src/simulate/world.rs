//! What is outside of the balancer: services, their backends, and what happens to those.

use std::{
    collections::HashSet,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use crate::{
    config::{self, Protocol},
    slots::{self, Candidate},
};

/// Services and their backends.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) services: Vec<Service>,
    /// Every backend's fate, by its index in the maps; 0 is nobody's.
    pub(super) fates: Vec<Fate>,
}

/// A service.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) protocol: Protocol,
    pub(super) v6: bool,
    pub(super) drain_timeout: Duration,
    /// Slots of its table.
    pub(super) slots: u32,
    /// Those that are there at the start come first.
    pub(super) backends: Vec<Backend>,
    /// How many these are.
    pub(super) configured: usize,
}

/// A backend; also one that is to be added.
#[derive(Clone, Debug)]
pub(super) struct Backend {
    pub(super) name: String,
    pub(super) address: SocketAddr,
    pub(super) index: u32,
    /// Its weight at the start.
    pub(super) usual: u16,
    pub(super) weight: u16,
    /// Whether the service has it. One that is removed keeps its connections until they end.
    pub(super) present: bool,
    pub(super) drained: bool,
    pub(super) down: bool,
}

/// Whether connections on a backend are alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fate {
    pub(super) lives: bool,
    /// When it died last, in milliseconds; `None`: never.
    pub(super) died: Option<u32>,
}

impl Fate {
    const ALIVE: Self = Self { lives: true, died: None };
}

/// Something happens to a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// When, in milliseconds.
    pub(super) at: u32,
    /// Positions of service and backend.
    pub(super) service: usize,
    pub(super) backend: usize,
    pub(super) verb: Verb,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Drain,
    Ready,
    Weight(u16),
    Add,
    Remove,
    Down,
    Up,
}

impl World {
    /// The services of a configuration, with all backends up.
    pub(super) fn new(services: &[config::Service]) -> Self {
        let mut world = Self { services: Vec::new(), fates: vec![Fate::ALIVE] };
        for (at, config) in services.iter().enumerate() {
            world.services.push(Service {
                name: config.name.clone(),
                protocol: config.protocol,
                v6: config.vip.is_ipv6(),
                drain_timeout: config.drain_timeout,
                slots: slots::size_for(config.slots, None, config.backends.len() as u32),
                backends: Vec::new(),
                configured: config.backends.len(),
            });
            for backend in &config.backends {
                world.know(at, backend.name.clone(), backend.address, backend.weight);
            }
        }
        world.rewind();
        world
    }

    /// Makes room for a backend that may be added later; returns its position.
    pub(super) fn know(&mut self, service: usize, name: String, address: SocketAddr, weight: u16) -> usize {
        let index = self.fates.len() as u32;
        self.fates.push(Fate::ALIVE);
        let backends = &mut self.services[service].backends;
        backends.push(Backend {
            name,
            address,
            index,
            usual: weight,
            weight,
            present: false,
            drained: false,
            down: false,
        });
        backends.len() - 1
    }

    /// An address for another backend of a service: the first that is free after those that it has.
    pub(super) fn free_address(&self, service: usize) -> Option<SocketAddr> {
        let backends = &self.services[service].backends;
        let taken: HashSet<SocketAddr> = backends.iter().map(|backend| backend.address).collect();
        let last = backends.last()?.address;
        let after = |offset: u32| match last.ip() {
            IpAddr::V4(ip) => IpAddr::V4((ip.to_bits().wrapping_add(offset)).into()),
            IpAddr::V6(ip) => IpAddr::V6((ip.to_bits().wrapping_add(u128::from(offset))).into()),
        };
        (1..=u32::MAX)
            .map(|offset| SocketAddr::new(after(offset), last.port()))
            .find(|free| !taken.contains(free))
    }

    /// Makes everything as it was at the start; backends that have become known stay so.
    pub(super) fn rewind(&mut self) {
        self.fates.fill(Fate::ALIVE);
        for service in &mut self.services {
            for (position, backend) in service.backends.iter_mut().enumerate() {
                backend.weight = backend.usual;
                backend.present = position < service.configured;
                (backend.drained, backend.down) = (false, false);
            }
        }
    }

    /// Lets something happen.
    pub(super) fn apply(&mut self, event: Event) {
        let Event { at, service, backend, verb } = event;
        let backend = &mut self.services[service].backends[backend];
        match verb {
            Verb::Drain => backend.drained = true,
            Verb::Ready => backend.drained = false,
            Verb::Weight(weight) => backend.weight = weight,
            Verb::Add => backend.present = true,
            Verb::Remove => backend.present = false,
            Verb::Down => backend.down = true,
            Verb::Up => backend.down = false,
        }
        let fate = &mut self.fates[backend.index as usize];
        if fate.lives && backend.down {
            fate.died = Some(at);
        }
        fate.lives = !backend.down;
    }
}

impl Service {
    /// Its backends, as candidates for slots.
    pub(super) fn candidates(&self) -> Vec<Candidate> {
        let candidate = |backend: &Backend| Candidate {
            index: backend.index,
            identity: slots::identity(backend.address),
            weight: backend.share(),
            lives: !backend.down,
        };
        self.backends.iter().map(candidate).collect()
    }

    /// Backends that get new connections.
    pub(super) fn serving(&self) -> usize {
        self.backends.iter().filter(|backend| backend.share() > 0).count()
    }
}

impl Backend {
    /// Its share of new connections, relative to the others'.
    pub(super) fn share(&self) -> u32 {
        if self.present && !self.drained && !self.down { u32::from(self.weight) } else { 0 }
    }
}

/// A world for tests: one service of `backends` backends of weight 2.
#[cfg(test)]
pub(super) fn example(backends: u16) -> World {
    let backend =
        |n| format!("[[service.backend]]\naddress = \"10.0.1.{n}:80\"\nname = \"b{n}\"\nweight = 2\n");
    let text = (1..=backends).map(backend).collect::<Vec<_>>().concat();
    let head = "[datapath]\ninterfaces = [\"eth0\"]\n[[service]]\nname = \"web\"\nvip = \"192.0.2.1:80\"\n";
    let loaded = config::parse("example", &format!("{head}{text}"), &super::AnyHost).unwrap();
    World::new(&loaded.config.services)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_to_backends_shows_in_their_shares() {
        let mut world = example(3);
        let new = world.know(0, "b4".to_owned(), world.free_address(0).unwrap(), 7);
        assert_eq!(world.services[0].backends[new].address.to_string(), "10.0.1.4:80");
        let mut check = |backend, verb, share, lives| {
            world.apply(Event { at: 5, service: 0, backend, verb });
            let candidate = world.services[0].candidates()[backend];
            assert_eq!((candidate.weight, candidate.lives), (share, lives), "{verb:?}");
            assert_eq!(world.fates[candidate.index as usize].lives, lives);
        };
        check(0, Verb::Drain, 0, true);
        check(0, Verb::Weight(9), 0, true);
        check(0, Verb::Ready, 9, true);
        check(1, Verb::Down, 0, false);
        check(1, Verb::Up, 2, true);
        check(2, Verb::Remove, 0, true);
        check(new, Verb::Add, 7, true);
        assert_eq!((world.fates[2].died, world.fates[1].died), (Some(5), None));
        assert_eq!(world.services[0].serving(), 3);
    }
}
