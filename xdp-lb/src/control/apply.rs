//! From the desired state to the datapath, in an order in which every packet on the way finds what it needs.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    time::Instant,
};

use tracing::{debug, info, warn};
use xdp_lb_common::backend::Backend;

use super::{
    configure::{Configured, Gone},
    contents,
    owner::Owner,
    shares::{self, Shares, Stage},
    state::Service,
};
use crate::{
    dataplane::DataplaneError,
    slots::{Allowance, Next, turns},
};

impl Owner {
    /// Makes a configuration's state the one in force: backends before the slots that name them, slots before their
    /// service, all of them before the endpoints, and what is gone last.
    pub(super) fn install(&mut self, configured: Configured) -> Result<(), DataplaneError> {
        let Configured { allocation, services, gone } = configured;
        let endpoints = contents::endpoints(&services);
        let prepared = match &self.endpoints {
            Some(in_force) if *in_force == endpoints => None,
            Some(_) | None => Some(self.dataplane.prepare(&endpoints)?),
        };
        // Nothing can fail from here on but tidying up.
        self.services = services;
        self.positions = positions(&self.services);
        self.allocation = allocation;
        self.choose_transmission();
        self.update_ways();
        self.refresh(0..self.services.len());
        for service in &self.services {
            self.dataplane.store_service(service.index, contents::service(service));
        }
        if let Some(prepared) = prepared {
            self.dataplane.publish(&prepared);
            self.endpoints = Some(endpoints);
        }
        self.retire(gone);
        Ok(())
    }

    /// Clears and frees places that nothing names any more. One that cannot be cleared is not given away again.
    ///
    /// Their flows are forgotten before a place has another owner: nobody shall take them for his.
    pub(super) fn retire(&mut self, gone: Gone) {
        for (backend, _) in &gone.backends {
            self.dataplane.store_backend(*backend, &Backend::default());
        }
        if !gone.backends.is_empty() || !gone.services.is_empty() {
            let backends: HashSet<u32> = gone.backends.iter().map(|(backend, _)| *backend).collect();
            let services: HashSet<u32> = gone.services.iter().copied().collect();
            self.dataplane.flows().forget(&backends, &services);
        }
        for (backend, service) in gone.backends {
            match self.dataplane.retire_backend(backend, service) {
                Ok(()) => self.allocation.backends.free(backend),
                Err(error) => warn!(backend, "place not cleared: {:#}", anyhow::Error::from(error)),
            }
        }
        for service in gone.services {
            match self.dataplane.retire_service(service) {
                Ok(()) => self.allocation.services.free(service),
                Err(error) => warn!(service, "place not cleared: {:#}", anyhow::Error::from(error)),
            }
        }
        for region in gone.regions {
            self.allocation.slots.free(region);
        }
    }

    /// Stores the endpoints of all services and their backends, if they differ from those in force.
    pub(super) fn publish_endpoints(&mut self) -> Result<(), DataplaneError> {
        self.positions = positions(&self.services);
        let endpoints = contents::endpoints(&self.services);
        if self.endpoints.as_ref() != Some(&endpoints) {
            let prepared = self.dataplane.prepare(&endpoints)?;
            self.dataplane.publish(&prepared);
            self.endpoints = Some(endpoints);
        }
        Ok(())
    }

    /// Recomputes the tables of these services and stores what differs.
    pub(super) fn refresh(&mut self, services: impl IntoIterator<Item = usize>) {
        let now = Instant::now();
        for position in services {
            let service = &mut self.services[position];
            let before = service.stage;
            Shares::of(service, now).put_in_force(service);
            if service.stage != before {
                log_stage(service);
            }
            for backend in &service.backends {
                self.dataplane.store_backend(backend.index, &contents::backend(service, backend));
                let terms = contents::terms(backend);
                self.dataplane.store_terms(backend.index, terms, backend.weight());
            }
            self.store_table(position, false);
        }
    }

    /// Recomputes a service's table and stores what differs. `give_back`: slots that are away and have no room in the flow
    /// table go back.
    pub(super) fn store_table(&mut self, position: usize, give_back: bool) {
        let now = Instant::now();
        let mut flows = None;
        let Next { table, waiting } = contents::table(&self.services[position], || {
            let (most, known) = self.room_for(position, now);
            flows = Some(known);
            Allowance { most, give_back }
        });
        let service = &mut self.services[position];
        if let Some(flows) = flows {
            service.moves.learn(flows);
        }
        service.moves.note(&service.table, &table, now);
        service.table = table;
        service.waiting = waiting;
        service.owned = contents::owned(service);
        let changed = self.dataplane.store_slots(service.region.base, &service.table);
        if let Some(sequence) = service.sequence {
            self.dataplane.store_slots(sequence.base, &turns(&service.table));
        }
        let moving = service.moves.len();
        debug!(service = service.config.name, changed, moving, waiting, "slots stored");
    }

    /// Takes in the kernel's view of the ways to all backends; returns the services with changes.
    pub(super) fn update_ways(&mut self) -> BTreeSet<usize> {
        let hops = self.next_hops.borrow_and_update().clone();
        let interfaces = self.interfaces_by_index();
        let mut changed = BTreeSet::new();
        for (position, service) in self.services.iter_mut().enumerate() {
            for backend in &mut service.backends {
                let before = backend.way.now.clone();
                let hop = hops.get(&backend.config.address.ip());
                backend.way.update(hop, service.config.forwarding, &interfaces);
                if backend.way.now == before {
                    continue;
                }
                changed.insert(position);
                let (service, backend_name) = (&service.config.name, &backend.config.name);
                match (&backend.way.now, before) {
                    // What was expected, once for each backend of a configuration.
                    (Some(Ok(way)), None) => {
                        debug!(%service, backend = %backend_name, %way, "next hop resolved");
                    }
                    (Some(Ok(way)), _) => {
                        info!(%service, backend = %backend_name, %way, "next hop resolved");
                    }
                    (Some(Err(reason)), _) => {
                        warn!(%service, backend = %backend_name, %reason, "no next hop");
                    }
                    // What has been heard is not forgotten.
                    (None, _) => {}
                }
            }
        }
        changed
    }
}

/// Says which of a service's backends take new connections from now on.
fn log_stage(service: &Service) {
    let (healthy, of) = shares::healthy(service);
    let (name, stage) = (&service.config.name, service.stage);
    match stage {
        Stage::Primaries => info!(service = name, healthy, of, "health decides again who takes connections"),
        Stage::Backups => warn!(service = name, "no other backend is usable: backups take connections"),
        Stage::Panic => warn!(service = name, healthy, of, "too few backends are healthy: health is ignored"),
    }
}

/// Where each backend is, by index.
fn positions(services: &[Service]) -> HashMap<u32, (usize, usize)> {
    let each = services.iter().enumerate().flat_map(|(service, state)| {
        state.backends.iter().enumerate().map(move |(backend, state)| (state.index, (service, backend)))
    });
    each.collect()
}
