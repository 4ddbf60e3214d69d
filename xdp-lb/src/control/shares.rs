//! Who gets a service's new connections, and how large a share. Pure.
//!
//! - Usually those that can be reached, are healthy, ready and have weight, backups apart.
//! - Backups only while none of the others can take connections.
//! - *Panic*: where fewer of the others are healthy than the service's `panic_threshold`, their checks are not believed.
//!   All of them that can be reached serve then. Backups come first where they are of use: while none of the others is
//!   healthy and a backup is, the checks are believed and the backups serve.
//! - A backend that begins to take connections again has a small share at first, which grows to its full one over the
//!   service's `slow_start`. Where all of a service's backends are on their way, only how far each is ahead matters.

use std::time::{Duration, Instant};

use super::state::{Backend, Part, Service};
use crate::health::State;

/// Share of a backend of weight 1: room for fractions of it. 65,535 times as much is below 2^24, as the program expects.
const UNIT: u32 = 256;

/// A share grows by this part of the full one at a time: finer steps would move as many slots in more sweeps.
const STEPS: u32 = 50;

/// Which backends of a service take new connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// Those that are no backups.
    #[default]
    Primaries,
    /// Backups.
    Backups,
    /// Those that are no backups, whatever their checks say.
    Panic,
}

/// What a service's backends have of its new connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shares {
    stage: Stage,
    /// One for each backend, in the service's order.
    parts: Vec<Part>,
}

impl Shares {
    /// Of `service` at `now`, coming from what they are.
    pub(super) fn of(service: &Service, now: Instant) -> Self {
        let stage = stage(service);
        let takes = |backend: &Backend| {
            let turn = backend.config.backup == (stage == Stage::Backups);
            turn && backend.is_candidate() && backend.lives(stage)
        };
        // With its first table a service starts: nobody comes back to it.
        let may_ramp = stage != Stage::Panic && !service.table.is_empty();
        let ramp = |backend: &Backend| {
            let duration = service.config.slow_start.filter(|_| takes(backend))?;
            let begins = may_ramp && backend.part.share == 0;
            let since = if begins { now } else { backend.part.ramp? };
            (now.saturating_duration_since(since) < duration).then_some(since)
        };
        let step = |since: Option<Instant>| match (since, service.config.slow_start) {
            (Some(since), Some(duration)) if stage != Stage::Panic => {
                step(now.saturating_duration_since(since), duration)
            }
            (Some(_) | None, _) => STEPS,
        };
        let in_turn = service.backends.iter().filter(|backend| takes(backend));
        let furthest = in_turn.map(|backend| step(ramp(backend))).max().unwrap_or(STEPS);
        let part = |backend: &Backend| {
            let ramp = ramp(backend);
            let ramped = full(backend.weight()) * step(ramp) / furthest;
            Part { share: if takes(backend) { ramped.max(1) } else { 0 }, ramp }
        };
        Self { stage, parts: service.backends.iter().map(part).collect() }
    }

    /// Whether they are what `service`'s backends have already.
    pub(super) fn are_in_force(&self, service: &Service) -> bool {
        self.stage == service.stage
            && service.backends.iter().map(|backend| backend.part).eq(self.parts.iter().copied())
    }

    /// Makes them what `service`'s backends have.
    pub(super) fn put_in_force(self, service: &mut Service) {
        service.stage = self.stage;
        for (backend, part) in service.backends.iter_mut().zip(self.parts) {
            backend.part = part;
        }
    }
}

/// The share of a backend of this weight that is not slowed.
pub(super) fn full(weight: u16) -> u32 {
    u32::from(weight) * UNIT
}

/// How many of a service's backends are healthy that could take connections, and of how many; backups apart.
pub(super) fn healthy(service: &Service) -> (usize, usize) {
    let primaries =
        service.backends.iter().filter(|backend| !backend.config.backup && backend.is_candidate());
    let healthy = primaries.clone().filter(|backend| backend.health.state() != State::Down);
    (healthy.count(), primaries.count())
}

fn stage(service: &Service) -> Stage {
    let usable = |backup: bool| {
        let mut own = service.backends.iter().filter(|backend| backend.config.backup == backup);
        own.any(|backend| backend.is_candidate() && backend.lives(Stage::Primaries))
    };
    let (healthy, candidates) = healthy(service);
    if !usable(false) && usable(true) {
        Stage::Backups
    } else if healthy * 100 < usize::from(service.config.panic_threshold) * candidates {
        Stage::Panic
    } else {
        Stage::Primaries
    }
}

/// How many [`STEPS`] a backend has got to after `elapsed` of `duration`; at least one.
fn step(elapsed: Duration, duration: Duration) -> u32 {
    let done = elapsed.as_nanos() * u128::from(STEPS) / duration.as_nanos().max(1);
    u32::try_from(done).unwrap_or(STEPS).clamp(1, STEPS)
}

#[cfg(test)]
mod tests;
