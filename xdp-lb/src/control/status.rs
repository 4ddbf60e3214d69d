//! From state to what is published. Pure.

use std::collections::{BTreeMap, HashMap};

use super::{
    shares::{self, Stage},
    state::{Backend, Service},
};
use crate::{config::NoBackend, model};

/// A service. What the datapath counts is still zero: it is read where it is shown.
///
/// `lingering`: flows on slots of other owners, by backend index.
pub(super) fn service(service: &Service, lingering: &BTreeMap<u32, u32>) -> model::Service {
    let mut giving_up: HashMap<u32, u32> = HashMap::new();
    for position in service.moves.positions() {
        let previous = service.table.get(position as usize).map_or(0, |slot| slot.previous());
        *giving_up.entry(previous).or_default() += 1;
    }
    let backends = service.backends.iter().zip(&service.owned).map(|(state, &owned)| {
        let giving_up = giving_up.get(&state.index).copied().unwrap_or(0);
        // Where every flow is noted, those on other slots are nothing special.
        let lingering =
            if service.tracking.notes_all() { None } else { lingering.get(&state.index).copied() };
        let lingering = lingering.unwrap_or(0);
        let shown = backend(state, owned, service.region.size);
        model::Backend { giving_up, lingering, ..shown }
    });
    model::Service {
        index: service.index,
        name: service.config.name.clone(),
        vip: service.config.vip.to_string(),
        protocol: service.config.protocol.to_string(),
        forwarding: service.config.forwarding.to_string(),
        algorithm: service.config.algorithm.to_string(),
        slots: service.region.size,
        moving: service.moves.len() as u32,
        waiting: service.waiting,
        panic: service.stage == Stage::Panic,
        tracked: service.tracking.notes_all(),
        backends: backends.collect(),
        ..model::Service::default()
    }
}

/// What is wrong with a service as a whole. `flows`: entries of the flow table.
pub(super) fn warnings(service: &Service, flows: u32) -> Vec<String> {
    let (name, mut warnings) = (&service.config.name, Vec::new());
    match service.stage {
        Stage::Primaries => {}
        Stage::Backups => {
            warnings.push(format!("service {name} runs on its backups: no other backend is usable"));
        }
        Stage::Panic => {
            let ((healthy, of), threshold) = (shares::healthy(service), service.config.panic_threshold);
            warnings.push(format!(
                "service {name} is in panic: {healthy} of {of} backends healthy, less than {threshold} %; health is \
                 ignored"
            ));
        }
    }
    if service.owned.iter().all(|owned| *owned == 0) {
        let lost = match service.config.no_backend {
            NoBackend::Drop => "its packets are dropped",
            NoBackend::Reject => "its clients are rejected",
        };
        warnings.push(format!("service {name} has no usable backend: {lost}"));
    }
    if service.waiting > 0 {
        warnings.push(format!(
            "service {name}: {} slots wait to move: the flow table ({flows} entries) has no room for their connections; \
             raise [datapath.capacity] flows",
            service.waiting
        ));
    }
    warnings
}

/// What of its full share a backend has, while that grows.
fn slow_start(backend: &Backend) -> Option<f64> {
    let (share, full) = (backend.part.share, shares::full(backend.weight()));
    (0 < share && share < full).then(|| f64::from(share) / f64::from(full))
}

fn backend(backend: &Backend, slots: u32, size: u32) -> model::Backend {
    model::Backend {
        index: backend.index,
        name: backend.config.name.clone(),
        address: backend.config.address.to_string(),
        weight: backend.weight(),
        configured_weight: backend.config.weight,
        admin: backend.operator.admin,
        added: backend.operator.added,
        backup: backend.config.backup,
        max_connections: backend.config.max_connections,
        slow_start: slow_start(backend),
        leaving: backend.is_leaving(),
        slots,
        share: f64::from(slots) / f64::from(size),
        health: model::Health {
            state: backend.health.state(),
            reason: backend.health.reason().to_owned(),
            since: backend.health.since(),
        },
        next_hop: match &backend.way.now {
            Some(Ok(resolved)) => model::NextHop { usable: true, detail: resolved.to_string() },
            Some(Err(reason)) => model::NextHop { usable: false, detail: reason.clone() },
            None => {
                model::NextHop { usable: false, detail: "waiting for the kernel to resolve it".to_owned() }
            }
        },
        ..model::Backend::default()
    }
}
