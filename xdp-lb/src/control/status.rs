//! From state to what is published. Pure.

use std::collections::{BTreeMap, HashMap};

use super::state::{Backend, Service};
use crate::model;

/// A service, its counters still zero.
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
        let lingering = lingering.get(&state.index).copied().unwrap_or(0);
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
        traffic: model::Traffic::default(),
        dropped_packets: 0,
        dropped_bytes: 0,
        backends: backends.collect(),
    }
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
        giving_up: 0,
        lingering: 0,
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
        traffic: model::Traffic::default(),
    }
}
