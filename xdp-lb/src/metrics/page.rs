//! From a status to the text that Prometheus reads. Pure.

use std::fmt;

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, info::Info},
    registry::{Registry, Unit},
};

use crate::{
    health::State,
    model::{Status, Traffic},
};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ServiceLabel {
    service: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct BackendLabels {
    service: String,
    backend: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReasonLabel {
    reason: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct InterfaceLabels {
    interface: String,
    mode: String,
}

/// All metrics of a status, in the `OpenMetrics` text format.
pub fn page(status: &Status) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("xdplb");
    daemon(&mut registry, status);
    services(&mut registry, status);
    backends(&mut registry, status);
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

fn daemon(registry: &mut Registry, status: &Status) {
    registry.register("build", "The daemon's version", Info::new(vec![("version", status.version.clone())]));
    let start: Gauge = Gauge::default();
    start.set(status.started.as_second());
    registry.register_with_unit("start_time", "When the daemon started", Unit::Seconds, start);
    let revision: Gauge = Gauge::default();
    revision.set(i64::try_from(status.config.revision).unwrap_or(i64::MAX));
    registry.register("config_revision", "How often a configuration was applied since the start", revision);
    let accepted: Gauge = Gauge::default();
    accepted.set(i64::from(status.config.refused.is_none()));
    registry.register("config_last_reload_successful", "Whether the last reload was accepted", accepted);

    let attached = Family::<InterfaceLabels, Gauge>::default();
    for interface in &status.interfaces {
        let mode = interface.mode.clone().unwrap_or_default();
        let labels = InterfaceLabels { interface: interface.name.clone(), mode };
        attached.get_or_create(&labels).set(i64::from(interface.mode.is_some()));
    }
    registry.register("interface_attached", "Whether the program is attached", attached);

    let drops = Family::<ReasonLabel, Counter>::default();
    for drop in &status.drops {
        drops.get_or_create(&ReasonLabel { reason: drop.reason.clone() }).inc_by(drop.packets);
    }
    registry.register("dropped_packets", "Packets that the program dropped", drops);
}

/// Name, help and value of a traffic counter.
type TrafficCounter = (&'static str, &'static str, fn(&Traffic) -> u64);

/// The traffic counters.
const TRAFFIC: [TrafficCounter; 5] = [
    ("packets", "Packets from clients", |traffic| traffic.packets),
    ("bytes", "Bytes of frames from clients", |traffic| traffic.bytes),
    ("connections", "New TCP connections", |traffic| traffic.connections),
    ("reply_packets", "Packets to clients (nat only)", |traffic| traffic.reply_packets),
    ("reply_bytes", "Bytes of frames to clients (nat only)", |traffic| traffic.reply_bytes),
];

fn services(registry: &mut Registry, status: &Status) {
    let label = |name: &str| ServiceLabel { service: name.to_owned() };
    for (name, help, of) in TRAFFIC {
        let family = Family::<ServiceLabel, Counter>::default();
        for service in &status.services {
            family.get_or_create(&label(&service.name)).inc_by(of(&service.traffic));
        }
        registry.register(format!("service_{name}"), help, family);
    }
    let dropped = Family::<ServiceLabel, Counter>::default();
    let slots = Family::<ServiceLabel, Gauge>::default();
    for service in &status.services {
        dropped.get_or_create(&label(&service.name)).inc_by(service.dropped_packets);
        slots.get_or_create(&label(&service.name)).set(i64::from(service.slots));
    }
    registry.register("service_dropped_packets", "Packets for the service that no backend got", dropped);
    registry.register("service_slots", "Size of the service's slot table", slots);
}

fn backends(registry: &mut Registry, status: &Status) {
    let each = || {
        status.services.iter().flat_map(|service| {
            service.backends.iter().map(|backend| {
                let labels = BackendLabels { service: service.name.clone(), backend: backend.name.clone() };
                (labels, backend)
            })
        })
    };
    for (name, help, of) in TRAFFIC {
        let family = Family::<BackendLabels, Counter>::default();
        for (labels, backend) in each() {
            family.get_or_create(&labels).inc_by(of(&backend.traffic));
        }
        registry.register(format!("backend_{name}"), help, family);
    }
    let [up, hop, weight, slots] = std::array::from_fn(|_| Family::<BackendLabels, Gauge>::default());
    for (labels, backend) in each() {
        up.get_or_create(&labels).set(i64::from(backend.health.state != State::Down));
        hop.get_or_create(&labels).set(i64::from(backend.next_hop.usable));
        weight.get_or_create(&labels).set(i64::from(backend.weight));
        slots.get_or_create(&labels).set(i64::from(backend.slots));
    }
    registry.register("backend_up", "1 unless the health checks say that it is down", up);
    registry.register("backend_next_hop_usable", "1 if packets can be sent to it", hop);
    registry.register("backend_weight", "Its configured weight", weight);
    registry.register("backend_slots", "Slots that it owns", slots);
}
