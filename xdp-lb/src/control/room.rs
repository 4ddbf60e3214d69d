//! What moves take of the flow table, of all services together, and what becomes of them where it has no room.

use std::time::Instant;

use tracing::{error, info};

use super::{owner::Owner, state::Service};
use crate::{
    config::Protocol,
    dataplane::{DataplaneError, Reader},
    slots::{Flows, Occupancy, in_turn, room},
};

impl Owner {
    /// How many slots of a service may be away from their previous backends, and what is known of their flows.
    pub(super) fn room_for(&self, at: usize, now: Instant) -> (u32, Flows) {
        let service = &self.services[at];
        let mut flows = self.flows_of(at);
        if !flows.is_observed() && service.config.protocol == Protocol::Tcp {
            match self.connections(at) {
                Ok(connections) => flows.count(connections, service.region.size),
                Err(error) => error!("connections are not known: {:#}", anyhow::Error::from(error)),
            }
        }
        let others = self.taken() - service.moves.taken();
        let room = room(self.dataplane.sizes().flows) - others;
        (service.moves.allowance(room, flows, now, service.config.drain_timeout), flows)
    }

    /// What is known of a service's flows, whether all of them are noted included.
    fn flows_of(&self, at: usize) -> Flows {
        let service = &self.services[at];
        let mut flows = service.moves.flows();
        flows.all_noted(service.tracking.notes_all().then(|| noted(&self.dataplane.reader(), service)));
        flows
    }

    /// What the moves of all services take of the flow table, and flows that are noted anyway.
    fn taken(&self) -> f64 {
        self.services.iter().map(|service| service.moves.taken()).sum()
    }

    /// Connections that a service has, as far as the program sees them begin and end.
    fn connections(&self, at: usize) -> Result<u32, DataplaneError> {
        let reader = self.dataplane.reader();
        let (mut begun, mut ended) = (0u64, 0u64);
        for backend in &self.services[at].backends {
            let counters = reader.backend(backend.index)?;
            begun = begun.wrapping_add(counters.connections);
            ended = ended.wrapping_add(counters.closed);
        }
        Ok(u32::try_from(begun.saturating_sub(ended)).unwrap_or(u32::MAX))
    }

    /// Sees whether flows could not be noted, and has slots given back if so; whether there are such slots.
    pub(super) fn look_for_room(&mut self, now: Instant) -> bool {
        let mut changed = false;
        for at in 0..self.services.len() {
            let flows = self.flows_of(at);
            self.services[at].moves.learn(flows);
        }
        if self.services.iter().all(|service| service.moves.is_empty()) {
            return false;
        }
        let reader = self.dataplane.reader();
        let noted = self.services.iter().map(|service| noted(&reader, service)).fold(0, u32::saturating_add);
        let (thought, capacity) = (self.taken(), self.dataplane.sizes().flows);
        let occupancy = Occupancy { thought, noted, capacity };
        for at in 0..self.services.len() {
            let service = &mut self.services[at];
            if service.moves.is_empty() {
                continue;
            }
            let unnoted = match reader.service(service.index) {
                Ok(counters) => counters.unnoted,
                Err(error) => {
                    error!("flows without room are not known: {:#}", anyhow::Error::from(error));
                    continue;
                }
            };
            let window = service.config.drain_timeout;
            if service.moves.count_unnoted(unnoted, &service.table, occupancy, now, window) {
                info!(
                    service = service.config.name,
                    noted, capacity, "flows found no room in the flow table: fewer slots move at a time"
                );
                self.store_table(at, true);
                changed = true;
            }
        }
        changed
    }

    /// Lets slots move that have waited for room, those of each service in turn first.
    pub(super) fn serve_waiting(&mut self) {
        for at in in_turn(self.services.iter().map(|service| service.waiting), &mut self.turn) {
            self.store_table(at, false);
        }
    }
}

/// How many flows of a service are noted.
fn noted(reader: &Reader, service: &Service) -> u32 {
    let live: u64 = service.backends.iter().map(|backend| reader.load(backend.index).live).sum();
    u32::try_from(live).unwrap_or(u32::MAX)
}
