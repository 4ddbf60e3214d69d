//! The simulation: time goes on by small steps, in which connections send what is due.

use std::time::Duration;

use xdp_lb_common::flow::{Seed, expand_seed};

use super::{
    churn,
    maglev::{Lru, Maglev},
    model::{Kind, Packet, hash},
    product::Product,
    random::Random,
    report::Report,
    script::{self, ScriptError},
    traffic::{ROUND_TRIP, Traffic},
    trial::{Trial, unavoidable},
    wheel::Wheel,
    world::{Event, World},
};
use crate::config;

/// Milliseconds of a step.
const STEP: u32 = 10;
const SECOND: u32 = 1000;

/// What is simulated.
#[derive(Clone, Debug)]
pub struct Scenario {
    world: World,
    simplified: Vec<String>,
    events: Vec<Event>,
    traffic: Traffic,
    /// Entries of the tables of connections.
    entries: u32,
    duration: Duration,
    seed: u64,
}

impl Scenario {
    /// The services of a configuration under some traffic, with tables of `entries` connections.
    #[must_use]
    pub fn new(
        services: &[config::Service],
        traffic: Traffic,
        entries: u32,
        duration: Duration,
        seed: u64,
    ) -> Self {
        let simplified = services.iter().filter(|service| service.is_tracked());
        Self {
            world: World::new(services),
            simplified: simplified.map(|service| service.name.clone()).collect(),
            events: Vec::new(),
            traffic,
            entries,
            duration,
            seed,
        }
    }

    /// Adds the events of a file's text.
    ///
    /// # Errors
    ///
    /// The first line that is wrong.
    pub fn add_script(&mut self, file: &str, text: &str) -> Result<(), ScriptError> {
        let events = script::parse(file, text, &mut self.world)?;
        self.add(events);
        Ok(())
    }

    /// Adds random changes, so many in each minute.
    pub fn add_churn(&mut self, per_minute: f64) {
        let events = churn::changes(&mut self.world, per_minute, self.duration, self.seed);
        self.add(events);
    }

    fn add(&mut self, events: Vec<Event>) {
        let end = script::milliseconds(self.duration).unwrap_or(u32::MAX);
        self.events.extend(events.into_iter().filter(|event| event.at < end));
        self.events.sort_by_key(|event| event.at);
    }
}

/// Simulates. `progress` is told the simulated time once a second of it.
#[must_use]
pub fn run(scenario: &Scenario, mut progress: impl FnMut(Duration)) -> Report {
    let mut engine = Engine::new(scenario);
    engine.begin();
    let end = script::milliseconds(scenario.duration).unwrap_or(u32::MAX);
    let mut due = Vec::new();
    let mut events = scenario.events.iter().peekable();
    for now in (0..end).step_by(STEP as usize) {
        while let Some(event) = events.next_if(|event| event.at < now + STEP) {
            engine.change(Event { at: now, ..*event });
        }
        if now % SECOND == 0 {
            engine.tick(now);
            progress(Duration::from_millis(u64::from(now)));
        }
        engine.wheel.step(&mut due);
        for &who in &due {
            engine.serve(who, now);
        }
    }
    engine.report(scenario)
}

/// A connection: half a cache line.
#[derive(Clone, Copy, Debug, Default)]
struct Connection {
    serial: u32,
    hash: u32,
    service: u32,
    /// When it ends, in milliseconds.
    end: u32,
    /// When it sent a packet last.
    seen: u32,
    /// Its backend in each trial; 0: none any more.
    backends: [u32; 3],
}

struct Engine<'a> {
    world: World,
    traffic: &'a Traffic,
    random: Random,
    seed: Seed,
    /// Backends of each service at the start: clients spread over services as these do.
    popularity: Vec<u32>,
    serial: u32,
    connections: Vec<Connection>,
    wheel: Wheel,
    changes: usize,
    unavoidable: u64,
    product: Trial<Product>,
    lru: Trial<Lru>,
    maglev: Trial<Maglev>,
}

impl<'a> Engine<'a> {
    fn new(scenario: &'a Scenario) -> Self {
        let (world, traffic) = (scenario.world.clone(), &scenario.traffic);
        let product = Product::new(&world, scenario.entries, scenario.seed);
        let longest = traffic.longest_gap() / STEP + 1;
        Self {
            random: Random::new(scenario.seed),
            seed: expand_seed(scenario.seed),
            popularity: world.services.iter().map(|service| service.backends.len() as u32).collect(),
            serial: 0,
            connections: vec![Connection::default(); traffic.connections as usize],
            wheel: Wheel::new(longest as usize),
            changes: 0,
            unavoidable: 0,
            product: Trial::new("xdp-lb", product, scenario.entries, &world),
            lru: Trial::new("LRU table + Maglev", Lru::new(scenario.entries), scenario.entries, &world),
            maglev: Trial::new("Maglev alone", Maglev::default(), 0, &world),
            traffic,
            world,
        }
    }

    /// Everybody is there, and sends for the first time at any moment of an interval.
    fn begin(&mut self) {
        for service in 0..self.world.services.len() {
            self.follow(service, 0);
        }
        for who in 0..self.connections.len() as u32 {
            let life = self.traffic.rest_of_life(&mut self.random);
            self.open(who, 0, life);
            let first = self.random.below(self.traffic.gap(&mut self.random.clone()));
            self.appoint(who, 0, first);
        }
    }

    /// Something happens to a backend.
    fn change(&mut self, event: Event) {
        let before = self.world.services[event.service].clone();
        self.world.apply(event);
        self.changes += 1;
        self.unavoidable += unavoidable(&before, &self.world.services[event.service]);
        self.follow(event.service, event.at);
    }

    fn follow(&mut self, service: usize, now: u32) {
        self.product.follow(&self.world, service, now);
        self.lru.follow(&self.world, service, now);
        self.maglev.follow(&self.world, service, now);
    }

    fn tick(&mut self, now: u32) {
        self.product.tick(&self.world, now);
        self.lru.tick(&self.world, now);
        self.maglev.tick(&self.world, now);
    }

    /// A connection sends what is due.
    fn serve(&mut self, who: u32, now: u32) {
        let Connection { serial, hash, service, end, seen, backends } = self.connections[who as usize];
        let closes = end <= now;
        let kind = if closes { Kind::Close } else { Kind::Data };
        let packet = Packet { service: service as usize, serial, hash, kind, now };
        let silent = now - seen;
        let backends = [
            self.product.go_on(backends[0], &packet, silent, &self.world),
            self.lru.go_on(backends[1], &packet, silent, &self.world),
            self.maglev.go_on(backends[2], &packet, silent, &self.world),
        ];
        if closes {
            self.product.end(backends[0], serial);
            self.lru.end(backends[1], serial);
            self.maglev.end(backends[2], serial);
            // Another takes its place.
            let life = self.traffic.life(&mut self.random);
            self.open(who, now, life);
            self.appoint(who, now, ROUND_TRIP);
        } else {
            let connection = &mut self.connections[who as usize];
            (connection.seen, connection.backends) = (now, backends);
            let gap = self.traffic.gap(&mut self.random);
            self.appoint(who, now, gap);
        }
    }

    /// A new connection in the place of an old one.
    fn open(&mut self, who: u32, now: u32, life: u32) {
        self.serial = self.serial.wrapping_add(1);
        let service = self.random.weighted(&self.popularity).unwrap_or(0);
        let hash = hash(self.serial, service, self.world.services[service].v6, &self.seed);
        let packet = Packet { service, serial: self.serial, hash, kind: Kind::Open, now };
        self.connections[who as usize] = Connection {
            serial: self.serial,
            hash,
            service: service as u32,
            end: now.saturating_add(life.max(ROUND_TRIP + STEP)),
            seen: now,
            backends: [self.product.open(&packet), self.lru.open(&packet), self.maglev.open(&packet)],
        };
    }

    /// It sends again `gap` milliseconds later, or when it ends.
    fn appoint(&mut self, who: u32, now: u32, gap: u32) {
        let gap = gap.min(self.connections[who as usize].end.saturating_sub(now));
        self.wheel.add(who, (gap / STEP) as usize);
    }

    fn report(&self, scenario: &Scenario) -> Report {
        let services = &scenario.world.services;
        Report {
            services: services.len(),
            backends: services.iter().map(|service| service.configured).sum(),
            slots: services.iter().map(|service| service.slots).sum(),
            connections: scenario.traffic.connections,
            seconds: scenario.duration.as_secs(),
            changes: self.changes,
            unavoidable: self.unavoidable,
            simplified: scenario.simplified.clone(),
            seed: scenario.seed,
            outcomes: vec![self.product.outcome(), self.lru.outcome(), self.maglev.outcome()],
        }
    }
}
