//! From state to what is published. Pure.

use super::state::{Backend, Service};
use crate::model;

/// A service, its counters still zero.
pub(super) fn service(service: &Service) -> model::Service {
    let backends = service.backends.iter().zip(&service.owned);
    model::Service {
        index: service.index,
        name: service.config.name.clone(),
        vip: service.config.vip.to_string(),
        protocol: service.config.protocol.to_string(),
        forwarding: service.config.forwarding.to_string(),
        algorithm: service.config.algorithm.to_string(),
        slots: service.region.size,
        moving: service.moves.len() as u32,
        traffic: model::Traffic::default(),
        dropped_packets: 0,
        dropped_bytes: 0,
        backends: backends.map(|(state, &owned)| backend(state, owned, service.region.size)).collect(),
    }
}

fn backend(backend: &Backend, slots: u32, size: u32) -> model::Backend {
    model::Backend {
        index: backend.index,
        name: backend.config.name.clone(),
        address: backend.config.address.to_string(),
        weight: backend.config.weight,
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
