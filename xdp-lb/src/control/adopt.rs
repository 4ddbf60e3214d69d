//! What an earlier daemon left in the maps, as the state before this daemon's first configuration. Pure.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use xdp_lb_common::{
    backend::{self, flag},
    service,
    slot::Slot,
};

use super::{
    allocation::{Allocation, Region},
    contents,
    shares::{self, Stage},
    state::{Backend, Operator, Service, Way},
    tracking::Tracking,
};
use crate::{
    config::{self, Algorithm, Forwarding, NoBackend, Protocol, Track},
    dataplane::{Adopted, Sizes},
    health::{Machine, State},
    model::Admin,
    net::Resolved,
    slots::Moves,
};

/// The services that the maps hold, and the places they take. Records that contradict each other are left out: their
/// places are found again as if they were free.
pub(super) fn adopt(adopted: &Adopted, sizes: &Sizes, now: Timestamp) -> (Vec<Service>, Allocation) {
    let mut allocation = Allocation::new(sizes);
    let records: BTreeMap<u32, _> =
        adopted.services.iter().map(|(index, service, slots)| (*index, (service, slots))).collect();
    let mut services: BTreeMap<u32, Service> = BTreeMap::new();
    for (index, record, weight) in &adopted.backends {
        let Some((service, slots)) = records.get(&record.service) else { continue };
        let region = Region { base: service.base(), size: service.size() };
        let vip = address(record, &record.vip, record.vip_port.get());
        let service = match services.entry(record.service) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                if !allocation.slots.claim(region) || !allocation.services.claim(record.service) {
                    continue;
                }
                let policy = service.policy();
                let sequence = Region { base: policy.sequence, size: region.size };
                let has_turns = policy.algorithm == service::Algorithm::RoundRobin;
                let sequence = (has_turns && allocation.slots.claim(sequence)).then_some(sequence);
                let tracked = policy.has(service::flag::TRACKED);
                // By slots and without affinity: perhaps it was still learning where its connections are.
                let learning =
                    policy.algorithm == service::Algorithm::Maglev && !policy.has(service::flag::AFFINITY);
                let tracking = match (tracked, learning) {
                    (true, true) => Tracking::Learning(Instant::now()),
                    (true, false) => Tracking::Every,
                    (false, _) => Tracking::Moving,
                };
                new.insert(Service { tracking, sequence, ..empty(record, region, vip, slots) })
            }
        };
        if service.config.vip == vip && allocation.backends.claim(*index) {
            service.backends.push(known(*index, record, *weight, now));
        }
    }
    services.values_mut().for_each(take_parts);
    (services.into_values().collect(), allocation)
}

/// Who owns slots has its full share: it does not come back, whenever this daemon started.
fn take_parts(service: &mut Service) {
    let owned = contents::owned(service);
    for (backend, _) in service.backends.iter_mut().zip(owned).filter(|(_, owned)| *owned > 0) {
        backend.part.share = shares::full(backend.weight());
    }
}

fn address(record: &backend::Backend, octets: &[u8; 16], port: u16) -> SocketAddr {
    let ip = if record.flags & flag::V6 == 0 {
        let [a, b, c, d, ..] = *octets;
        IpAddr::from([a, b, c, d])
    } else {
        IpAddr::from(*octets)
    };
    SocketAddr::new(ip, port)
}

/// A service as far as the maps tell: what else it is comes from the configuration that follows.
///
/// Slots that are moving begin their window again: nobody knows when it began.
fn empty(record: &backend::Backend, region: Region, vip: SocketAddr, table: &[Slot]) -> Service {
    let config = config::Service {
        name: String::new(),
        vip,
        protocol: if record.flags & flag::UDP == 0 { Protocol::Tcp } else { Protocol::Udp },
        forwarding: if record.mode == backend::Mode::Dsr as u8 { Forwarding::Dsr } else { Forwarding::Nat },
        algorithm: Algorithm::Maglev,
        affinity: None,
        track: Track::Auto,
        idle_timeout: Duration::ZERO,
        slots: None,
        drain_timeout: Duration::ZERO,
        slow_start: None,
        panic_threshold: 0,
        no_backend: NoBackend::Drop,
        health: None,
        backends: Vec::new(),
    };
    Service {
        config,
        index: record.service,
        region,
        backends: Vec::new(),
        moves: Moves::of(table, Instant::now()),
        waiting: 0,
        table: table.to_vec(),
        owned: Vec::new(),
        tracking: Tracking::Moving,
        sequence: None,
        stage: if record.flags & flag::PANIC == 0 { Stage::default() } else { Stage::Panic },
    }
}

fn known(index: u32, record: &backend::Backend, weight: u16, now: Timestamp) -> Backend {
    let address = address(record, &record.address, record.port.get());
    let state = if record.flags & flag::DOWN == 0 { State::Up } else { State::Down };
    let way = (record.ifindex != 0).then(|| Resolved {
        ifindex: record.ifindex,
        interface: String::new(),
        source_mac: record.source_mac,
        destination_mac: record.destination_mac,
        gateway: None,
    });
    let config = config::Backend::new(address.to_string(), address, weight);
    let health = Machine::new(state, "as before the daemon's restart", now);
    Backend {
        way: Way::unknown(way),
        operator: Operator {
            admin: match record.flags & (flag::DRAIN | flag::MAINT) {
                0 => Admin::Ready,
                flag::DRAIN => Admin::Drain,
                _ => Admin::Maint,
            },
            weight: (record.flags & flag::WEIGHT != 0).then_some(weight),
            added: record.flags & flag::ADDED != 0,
        },
        ..Backend::new(config, index, health)
    }
}
