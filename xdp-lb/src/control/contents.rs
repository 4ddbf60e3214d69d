//! From desired state to map contents. Pure.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
};

use xdp_lb_common::{
    Be16,
    backend::{self, Mode},
    endpoint::{Key as _, KeyV4, KeyV6, Role},
    load::Terms,
    service::{self, Policy, flag},
    slot::Slot,
};

use super::{
    shares::Stage,
    state::{Backend, Service},
};
use crate::{
    config::{Algorithm, NoBackend, Protocol},
    dataplane::Endpoints,
    health::State,
    model::Admin,
    slots::{self, Allowance, Candidate, Next},
};

/// A service's slots as they should be now, coming from what they are, and how many of them wait. `allowance`: how many
/// may be away from their previous backends.
pub(super) fn table(service: &Service, allowance: impl FnOnce() -> Allowance) -> Next {
    let candidates: Vec<_> = service
        .backends
        .iter()
        .map(|backend| Candidate {
            index: backend.index,
            identity: slots::identity(backend.config.address),
            weight: backend.part.share,
            lives: backend.lives(service.stage),
        })
        .collect();
    let mut slots = service.table.clone();
    // A new region's slots are nobody's yet.
    slots.resize(service.region.size as usize, Slot::default());
    slots::next(&slots, &candidates, allowance)
}

/// How many slots each backend owns.
pub(super) fn owned(service: &Service) -> Vec<u32> {
    let mut owned: HashMap<u32, u32> = HashMap::new();
    for slot in &service.table {
        *owned.entry(slot.owner()).or_default() += 1;
    }
    service.backends.iter().map(|backend| owned.get(&backend.index).copied().unwrap_or(0)).collect()
}

/// A service's record.
pub(super) fn service(service: &Service) -> service::Service {
    service::Service::new(service.region.base, service.region.size, policy(service))
}

/// How its backends are chosen.
fn policy(service: &Service) -> Policy {
    let config = &service.config;
    let chooses = service.tracking.chooses();
    let algorithm = match config.algorithm {
        Algorithm::RoundRobin if chooses => service::Algorithm::RoundRobin,
        Algorithm::LeastConnections if chooses => service::Algorithm::LeastConnections,
        Algorithm::LeastResponseTime if chooses => service::Algorithm::LeastResponseTime,
        Algorithm::Maglev
        | Algorithm::RoundRobin
        | Algorithm::LeastConnections
        | Algorithm::LeastResponseTime => service::Algorithm::Maglev,
    };
    let flags = [
        (flag::TRACKED, service.tracking.notes_all()),
        (flag::AFFINITY, chooses && config.affinity.is_some()),
        (flag::REJECT, config.no_backend == NoBackend::Reject),
        (flag::BOTH_WAYS, service.mode() == Mode::Nat),
    ];
    let affinity = config.affinity.map_or(0, |timeout| u16::try_from(timeout.as_secs()).unwrap_or(u16::MAX));
    Policy {
        sequence: service.sequence.map_or(0, |region| region.base),
        algorithm,
        flags: flags.into_iter().filter(|(_, set)| *set).fold(0, |all, (flag, _)| all | flag),
        affinity,
    }
}

/// On which terms a backend takes new connections.
pub(super) fn terms(backend: &Backend) -> Terms {
    Terms { share: backend.part.share, limit: backend.config.max_connections.unwrap_or(0) }
}

/// A backend's record.
pub(super) fn backend(service: &Service, backend: &Backend) -> backend::Backend {
    let mut flags = backend::flag::USED;
    for (flag, set) in [
        (backend::flag::V6, service.config.vip.is_ipv6()),
        (backend::flag::DOWN, backend.health.state() == State::Down),
        (backend::flag::DRAIN, backend.operator.admin == Admin::Drain),
        (backend::flag::MAINT, backend.operator.admin == Admin::Maint),
        (backend::flag::WEIGHT, backend.operator.weight.is_some()),
        (backend::flag::ADDED, backend.operator.added),
        (backend::flag::UDP, service.config.protocol == Protocol::Udp),
        (backend::flag::PANIC, service.stage == Stage::Panic),
    ] {
        if set {
            flags |= flag;
        }
    }
    let way = backend.way.last.as_ref();
    backend::Backend {
        address: octets(backend.config.address.ip()),
        vip: octets(service.config.vip.ip()),
        destination_mac: way.map_or([0; 6], |way| way.destination_mac),
        port: Be16::new(backend.config.address.port()),
        source_mac: way.map_or([0; 6], |way| way.source_mac),
        vip_port: Be16::new(service.config.vip.port()),
        ifindex: way.map_or(0, |way| way.ifindex),
        service: service.index,
        mode: service.mode() as u8,
        flags,
        ..backend::Backend::default()
    }
    .with_deltas()
}

/// Every endpoint of `services`: their VIPs, and what the replies of nat backends come from.
pub(super) fn endpoints(services: &[Service]) -> Endpoints {
    let mut endpoints = Endpoints::default();
    for service in services {
        let protocol = service.config.protocol.number();
        add(&mut endpoints, service.config.vip, protocol, Role::Service, service.index);
        if service.mode() == Mode::Nat {
            for backend in &service.backends {
                add(&mut endpoints, backend.config.address, protocol, Role::Reply, backend.index);
            }
        }
    }
    endpoints
}

fn add(endpoints: &mut Endpoints, address: SocketAddr, protocol: u8, role: Role, index: u32) {
    let port = Be16::new(address.port());
    match address.ip() {
        IpAddr::V4(ip) => {
            let word = u32::from_ne_bytes(ip.octets());
            endpoints.v4.push((KeyV4::new(word, port, protocol, role), index));
        }
        IpAddr::V6(ip) => {
            let words: [u64; 2] = bytemuck::cast(ip.octets());
            endpoints.v6.push((KeyV6::new(words, port, protocol, role), index));
        }
    }
}

/// An address as backends are stored: IPv4 in the first four bytes.
fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(ip) => {
            let mut octets = [0; 16];
            octets[..4].copy_from_slice(&ip.octets());
            octets
        }
        IpAddr::V6(ip) => ip.octets(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        config::{Forwarding, Track},
        control::{example, shares, tracking::Tracking},
    };

    #[test]
    fn records_say_how_backends_are_chosen() {
        let mut state = example::service(vec![example::backend("up")]);
        assert_eq!(service(&state).policy(), Policy { flags: flag::BOTH_WAYS, ..Policy::default() });
        state.config.track = Track::Always;
        state.tracking = Tracking::Every;
        let flags = flag::BOTH_WAYS | flag::TRACKED;
        assert_eq!(service(&state).policy(), Policy { flags, ..Policy::default() });
        state.config.forwarding = Forwarding::Dsr;
        state.config.algorithm = Algorithm::LeastConnections;
        state.config.affinity = Some(Duration::from_mins(10));
        state.config.no_backend = NoBackend::Reject;
        let wanted = Policy {
            sequence: 0,
            algorithm: service::Algorithm::LeastConnections,
            flags: flag::TRACKED | flag::AFFINITY | flag::REJECT,
            affinity: 600,
        };
        assert_eq!(service(&state).policy(), wanted);
    }

    #[test]
    fn terms_are_share_and_limit() {
        let mut backend = example::backend("up");
        assert_eq!(terms(&backend), Terms { share: shares::full(1), limit: 0 });
        backend.config.max_connections = Some(7);
        assert_eq!(terms(&backend), Terms { share: shares::full(1), limit: 7 });
    }

    #[test]
    fn records_say_that_checks_are_not_believed() {
        let mut service = example::service(vec![example::backend("down")]);
        let serves = |service: &Service| backend(service, &service.backends[0]).serves();
        assert!(!serves(&service));
        service.stage = Stage::Panic;
        assert!(serves(&service));
    }
}
