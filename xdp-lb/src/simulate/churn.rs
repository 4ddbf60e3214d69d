//! Changes as they happen in a day's work, drawn at random.

use std::time::Duration;

use super::{
    random::Random,
    script::milliseconds,
    world::{Event, Verb, World},
};

/// How often each kind of change is made, relative to the others.
const MIX: [(Kind, u32); 4] = [(Kind::Drain, 4), (Kind::Weight, 3), (Kind::Remove, 2), (Kind::Fail, 1)];

/// At most one backend in so many is out for one reason.
const OUT: usize = 32;

/// A change, and what undoes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A backend is drained, or ready again.
    Drain,
    /// A backend gets another weight, from half of what it had at first to twice as much.
    Weight,
    /// A backend is removed, or another is added.
    Remove,
    /// A backend fails, or is up again.
    Fail,
}

/// `per_minute` changes in every minute of `duration`, at random moments. The world gets to know the backends that are to
/// be added.
pub(super) fn changes(world: &mut World, per_minute: f64, duration: Duration, seed: u64) -> Vec<Event> {
    let mut random = Random::new(seed);
    let end = milliseconds(duration).unwrap_or(u32::MAX);
    let step = 60_000.0 / per_minute;
    let mut out = Out::default();
    let mut events = Vec::new();
    let mut number = 0.0;
    while (number + 1.0) * step <= f64::from(end) {
        #[expect(clippy::cast_sign_loss, reason = "it is not below zero")]
        let at = ((number + random.fraction()) * step) as u32;
        number += 1.0;
        if let Some(event) = out.change(world, at, &mut random) {
            world.apply(event);
            events.push(event);
        }
    }
    world.rewind();
    events
}

/// Backends that are out, by service and position, those first that have been longest.
#[derive(Default)]
struct Out {
    drained: Vec<(usize, usize)>,
    failed: Vec<(usize, usize)>,
    /// How many were removed and not made up for yet, by service.
    missing: Vec<usize>,
}

impl Out {
    /// A change; `None`: there is nothing that could be changed.
    fn change(&mut self, world: &mut World, at: u32, random: &mut Random) -> Option<Event> {
        let sizes: Vec<u32> = world.services.iter().map(|service| service.backends.len() as u32).collect();
        let service = random.weighted(&sizes)?;
        self.missing.resize(world.services.len(), 0);
        let (kind, _) = MIX[random.weighted(&MIX.map(|(_, often)| often))?];
        let limit = (world.services[service].backends.len() / OUT).max(1);
        let mut of = |out: usize| (random.below(limit as u32) as usize) < out;
        let back = match kind {
            Kind::Drain => of(self.drained.len()),
            Kind::Weight => false,
            Kind::Remove => of(self.missing[service]),
            Kind::Fail => of(self.failed.len()),
        };
        let event = |(service, backend), verb| Some(Event { at, service, backend, verb });
        if back {
            return match kind {
                Kind::Drain => event(self.drained.remove(0), Verb::Ready),
                Kind::Fail => event(self.failed.remove(0), Verb::Up),
                Kind::Remove | Kind::Weight => {
                    self.missing[service] -= 1;
                    let address = world.free_address(service)?;
                    let weight = world.services[service].backends.first()?.weight;
                    event((service, world.know(service, address.to_string(), address, weight)), Verb::Add)
                }
            };
        }
        let backend = serving(world, service, random)?;
        if kind != Kind::Weight && world.services[service].serving() < 2 {
            return None;
        }
        let verb = match kind {
            Kind::Drain => {
                self.drained.push((service, backend));
                Verb::Drain
            }
            Kind::Fail => {
                self.failed.push((service, backend));
                Verb::Down
            }
            Kind::Remove => {
                self.missing[service] += 1;
                Verb::Remove
            }
            Kind::Weight => Verb::Weight(weight(world.services[service].backends[backend].usual, random)),
        };
        event((service, backend), verb)
    }
}

/// One of a service's backends that get new connections.
fn serving(world: &World, service: usize, random: &mut Random) -> Option<usize> {
    let backends = &world.services[service].backends;
    let each: Vec<u32> = backends.iter().map(|backend| u32::from(backend.share() > 0)).collect();
    random.weighted(&each)
}

/// From half of `usual` to twice as much.
fn weight(usual: u16, random: &mut Random) -> u16 {
    let least = (usual / 2).max(1);
    least + random.below(u32::from(usual.saturating_mul(2) - least) + 1) as u16
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{super::world::example, *};

    #[test]
    fn changes_are_as_many_as_asked_for_and_leave_enough_backends() {
        let mut world = example(100);
        let events = changes(&mut world, 60.0, Duration::from_mins(10), 1);
        assert_eq!(events.len(), 600);
        assert!(events.is_sorted_by_key(|event| event.at) && events[599].at < 600_000);
        let mut verbs = HashSet::new();
        for event in &events {
            world.apply(*event);
            verbs.insert(std::mem::discriminant(&event.verb));
            assert!(world.services[0].serving() > 80);
        }
        assert_eq!(verbs.len(), 7);
        world.rewind();
        assert_eq!(world.services[0].serving(), 100);
        assert_eq!(events, changes(&mut example(100), 60.0, Duration::from_mins(10), 1));
    }

    #[test]
    fn the_last_backend_stays() {
        let mut world = example(1);
        for event in changes(&mut world, 60.0, Duration::from_mins(2), 1) {
            world.apply(event);
            assert!(world.services[0].serving() >= 1);
        }
    }
}
