//! The services' metrics.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use super::{TRAFFIC, gauge};
use crate::model::{Service, Status};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Label {
    service: String,
}

impl Label {
    fn of(service: &Service) -> Self {
        Self { service: service.name.clone() }
    }
}

/// Name, help and value of a counter.
type ServiceCounter = (&'static str, &'static str, fn(&Service) -> u64);

/// The counters beside those of traffic.
const COUNTERS: [ServiceCounter; 3] = [
    ("dropped_packets", "Packets for the service that no backend got", |service| service.dropped_packets),
    ("rejected_packets", "Of the dropped packets, those whose senders were told", |service| {
        service.rejected_packets
    }),
    ("unnoted_flows", "Flows that were not noted for want of room in the flow table", |service| {
        service.unnoted_flows
    }),
];

/// Name, help and value of a gauge; `None`: the service has no such.
type ServiceGauge = (&'static str, &'static str, fn(&Service) -> Option<i64>);

/// The gauges.
const GAUGES: [ServiceGauge; 5] = [
    ("slots", "Size of the service's slot table", |service| Some(i64::from(service.slots))),
    ("moving_slots", "Slots that are moving from one backend to another", |service| {
        Some(i64::from(service.moving))
    }),
    ("waiting_slots", "Slots that wait for room in the flow table before they move", |service| {
        Some(i64::from(service.waiting))
    }),
    ("leaving_backends", "Backends that are gone but for their last connections", |service| {
        Some(service.backends.iter().map(|backend| i64::from(backend.leaving)).sum())
    }),
    ("live_connections", "Established connections (tracked services only)", |service| {
        service.live().map(gauge)
    }),
];

pub(super) fn register(registry: &mut Registry, status: &Status) {
    for (name, help, of) in TRAFFIC {
        count(registry, status, name, help, |service| of(&service.traffic));
    }
    for (name, help, of) in COUNTERS {
        count(registry, status, name, help, of);
    }
    for (name, help, of) in GAUGES {
        let family = Family::<Label, Gauge>::default();
        for service in &status.services {
            if let Some(value) = of(service) {
                family.get_or_create(&Label::of(service)).set(value);
            }
        }
        registry.register(format!("service_{name}"), help, family);
    }
}

fn count(registry: &mut Registry, status: &Status, name: &str, help: &str, of: impl Fn(&Service) -> u64) {
    let family = Family::<Label, Counter>::default();
    for service in &status.services {
        family.get_or_create(&Label::of(service)).inc_by(of(service));
    }
    registry.register(format!("service_{name}"), help, family);
}
