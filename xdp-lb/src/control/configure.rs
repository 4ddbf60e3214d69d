//! From a configuration and the state before it to the desired state. Pure: on an error nothing has changed.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::SocketAddr,
    time::Instant,
};

use jiff::Timestamp;
use xdp_lb_common::slot::Slot;

use super::{
    allocation::{Allocation, Region},
    state::{Backend, Service},
};
use crate::{
    config::{self, Algorithm, Config, Forwarding, Protocol},
    dataplane::{DataplaneError, Needs},
    health::{Machine, State},
    slots::{self, Moves},
};

/// A configuration's desired state, and what it leaves behind.
#[derive(Debug)]
pub(super) struct Configured {
    pub(super) allocation: Allocation,
    pub(super) services: Vec<Service>,
    pub(super) gone: Gone,
}

/// Places to be cleared and freed once nothing names them any more.
#[derive(Debug, Default)]
pub(super) struct Gone {
    /// Backends with the service they belonged to.
    pub(super) backends: Vec<(u32, u32)>,
    pub(super) services: Vec<u32>,
    pub(super) regions: Vec<Region>,
}

/// What a configuration needs of the maps at least.
pub(super) fn needs(config: &Config) -> Needs {
    let sum = |count: &dyn Fn(&config::Service) -> u32| {
        config.services.iter().map(count).fold(0u32, u32::saturating_add)
    };
    Needs {
        services: config.services.len() as u32,
        backends: sum(&|service| service.backends.len() as u32),
        slots: sum(&|service| {
            let tables = if service.algorithm == Algorithm::RoundRobin { 2 } else { 1 };
            slots::size_for(service.slots, None, service.backends.len() as u32).saturating_mul(tables)
        }),
        interfaces: config.datapath.interfaces.len() as u32,
    }
}

/// Services keep their place by VIP and protocol, backends by address within their service; names, weights and checks
/// may change freely. Health stays too, unless nothing is checked any more.
pub(super) fn configure(
    config: &Config,
    before: &[Service],
    allocation: &Allocation,
    now: Timestamp,
) -> Result<Configured, DataplaneError> {
    let mut allocation = allocation.clone();
    let mut gone = Gone::default();
    let mut old: HashMap<(SocketAddr, Protocol), &Service> =
        before.iter().map(|service| ((service.config.vip, service.config.protocol), service)).collect();
    let replies = reply_endpoints(config);
    let mut services = Vec::with_capacity(config.services.len());
    for service in &config.services {
        let previous = old.remove(&(service.vip, service.protocol));
        services.push(configure_service(service, previous, &replies, &mut allocation, &mut gone, now)?);
    }
    for service in old.into_values() {
        gone.services.push(service.index);
        gone.regions.push(service.region);
        gone.regions.extend(service.sequence);
        gone.backends.extend(service.backends.iter().map(|backend| (backend.index, service.index)));
    }
    Ok(Configured { allocation, services, gone })
}

fn configure_service(
    config: &config::Service,
    previous: Option<&Service>,
    replies: &HashSet<(SocketAddr, Protocol)>,
    allocation: &mut Allocation,
    gone: &mut Gone,
    now: Timestamp,
) -> Result<Service, DataplaneError> {
    let current = previous.map(|service| service.region.size);
    let size = slots::size_for(config.slots, current, config.backends.len() as u32);
    let region = match previous {
        Some(service) if service.region.size == size => service.region,
        Some(service) => {
            gone.regions.push(service.region);
            allocation.slots.take(size)?
        }
        None => allocation.slots.take(size)?,
    };
    let index = match previous {
        Some(service) => service.index,
        None => allocation.services.take()?,
    };
    let mut old: BTreeMap<SocketAddr, &Backend> = previous
        .iter()
        .flat_map(|service| &service.backends)
        .map(|backend| (backend.config.address, backend))
        .collect();
    let mut backends = Vec::with_capacity(config.backends.len());
    for backend in &config.backends {
        let previous = old.remove(&backend.address);
        let health = match (&config.health, previous) {
            (None, _) => Machine::unchecked(now),
            (Some(_), Some(previous)) if !previous.health.is_unchecked() => previous.health.clone(),
            (Some(_), _) => Machine::new(State::Unknown, "not checked yet", now),
        };
        let config = backend.clone();
        backends.push(match previous {
            Some(previous) => Backend { config, health, leaving: None, ..previous.clone() },
            None => Backend::new(config, allocation.backends.take()?, health),
        });
    }
    let stage = previous.map(|previous| previous.stage).unwrap_or_default();
    let begins = previous.is_none_or(|previous| previous.table.is_empty());
    let tracking = previous.map(|previous| previous.tracking).unwrap_or_default();
    let tracking = tracking.configured(config.is_tracked(), begins, Instant::now());
    let sequence = sequence(config, size, previous, allocation, gone)?;
    let (table, moves) = previous.map(|previous| resized(previous, size)).unwrap_or_default();
    let named: HashSet<u32> = table.iter().flat_map(|slot| [slot.owner(), slot.previous()]).collect();
    for backend in old.into_values() {
        // Its replies could not be told from those of another service's backend at the same endpoint.
        let taken = replies.contains(&(backend.config.address, config.protocol));
        // On a table at rest it has no connections but those of its slots.
        let has_any = named.contains(&backend.index) || !moves.is_empty() || tracking.notes_all();
        if has_any && backend.may_live(stage) && !taken {
            let leaving = backend.leaving.or_else(|| Some(Instant::now()));
            backends.push(Backend { leaving, ..backend.clone() });
        } else {
            gone.backends.push((backend.index, index));
        }
    }
    let config = config.clone();
    Ok(Service {
        config,
        index,
        region,
        backends,
        table,
        moves,
        waiting: 0,
        owned: Vec::new(),
        stage,
        tracking,
        sequence,
    })
}

/// Where the order of turns stands, if the service has one.
fn sequence(
    config: &config::Service,
    size: u32,
    previous: Option<&Service>,
    allocation: &mut Allocation,
    gone: &mut Gone,
) -> Result<Option<Region>, DataplaneError> {
    let wanted = config.algorithm == Algorithm::RoundRobin;
    let had = previous.and_then(|previous| previous.sequence);
    if let Some(region) = had.filter(|region| wanted && region.size == size) {
        return Ok(Some(region));
    }
    gone.regions.extend(had);
    if wanted { allocation.slots.take(size).map(Some) } else { Ok(None) }
}

/// The slots of a table of another size, and their moves: each is what the slot was that its first hash fell on.
/// Flows are found by their keys, so those that were noted stay known.
fn resized(service: &Service, size: u32) -> (Vec<Slot>, Moves) {
    if service.table.len() == size as usize || service.table.is_empty() {
        return (service.table.clone(), service.moves.clone());
    }
    let positions: Vec<u32> = (0..service.table.len() as u32).collect();
    let table = resize(&service.table, size);
    let moves = service.moves.resized(&resize(&positions, size), &table);
    (table, moves)
}

/// `items` spread over `size` places, each several times or some not at all.
fn resize<T: Copy>(items: &[T], size: u32) -> Vec<T> {
    let source = |place: u32| (u64::from(place) * items.len() as u64 / u64::from(size)) as usize;
    (0..size).map(|place| items[source(place)]).collect()
}

/// What the replies of the configured nat backends come from.
fn reply_endpoints(config: &Config) -> HashSet<(SocketAddr, Protocol)> {
    let nat = config.services.iter().filter(|service| service.forwarding == Forwarding::Nat);
    nat.flat_map(|service| service.backends.iter().map(|backend| (backend.address, service.protocol)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use xdp_lb_common::service;

    proptest! {
        /// A table that grows to a multiple of its size leaves every hash where it was.
        #[test]
        fn a_grown_table_sends_every_flow_to_the_same_slot(hash: u32, old in 1u32..3000, factor in 1u32..9) {
            let slots: Vec<_> = (1..=old).map(|owner| Slot::default().moving(owner, owner + 1)).collect();
            let grown = resize(&slots, old * factor);
            let find = |size: u32| service::Service::new(0, size, service::Policy::default()).slot_of(hash) as usize;
            prop_assert_eq!(slots[find(old)], grown[find(old * factor)]);
        }
    }
}
