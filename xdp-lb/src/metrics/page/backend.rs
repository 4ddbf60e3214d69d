//! The backends' metrics.

use std::{collections::HashSet, sync::atomic::AtomicU64};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

use super::{TRAFFIC, gauge};
use crate::{
    health::State,
    model::{Admin, Backend, Service, Status},
};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Labels {
    service: String,
    backend: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct AdminLabels {
    service: String,
    backend: String,
    state: &'static str,
}

/// Name, help and value of a backend's gauge.
type BackendGauge = (&'static str, &'static str, fn(&Backend) -> i64);

/// The gauges of backends that are not leaving.
const STAYING: [BackendGauge; 7] = [
    ("up", "1 unless the health checks say that it is down", |backend| {
        i64::from(backend.health.state != State::Down)
    }),
    ("next_hop_usable", "1 if packets can be sent to it", |backend| i64::from(backend.next_hop.usable)),
    ("weight", "Its weight in force", |backend| i64::from(backend.weight)),
    ("configured_weight", "The weight that the configuration gives it", |backend| {
        i64::from(backend.configured_weight)
    }),
    ("slots", "Slots that it owns", |backend| i64::from(backend.slots)),
    ("giving_up_slots", "Slots that move away from it", |backend| i64::from(backend.giving_up)),
    ("lingering_connections", "Connections that it has on slots of others, as last counted", |backend| {
        i64::from(backend.lingering)
    }),
];

/// The gauges of all backends of tracked services.
const TRACKED: [BackendGauge; 2] = [
    ("live_connections", "Established connections (tracked services only)", |backend| gauge(backend.live)),
    ("pending_connections", "Connections not established yet (tracked services only)", |backend| {
        gauge(backend.pending)
    }),
];

pub(super) fn register(registry: &mut Registry, status: &Status) {
    for (name, help, of) in TRAFFIC {
        let family = Family::<Labels, Counter>::default();
        for (labels, _, backend) in counted(status) {
            family.get_or_create(&labels).inc_by(of(&backend.traffic));
        }
        registry.register(format!("backend_{name}"), help, family);
    }
    let staying = || counted(status).filter(|(_, _, backend)| !backend.leaving);
    for gauge in STAYING {
        set(registry, gauge, staying());
    }
    for gauge in TRACKED {
        set(registry, gauge, counted(status).filter(|(_, service, _)| service.tracked));
    }
    let response = Family::<Labels, Gauge<f64, AtomicU64>>::default();
    for (labels, _, backend) in counted(status) {
        if let Some(seconds) = backend.response_seconds {
            response.get_or_create(&labels).set(seconds);
        }
    }
    let help = "Moving average of the time that a handshake takes";
    registry.register_with_unit("backend_response", help, Unit::Seconds, response);
    let admin = Family::<AdminLabels, Gauge>::default();
    for (Labels { service, backend: name }, _, backend) in staying() {
        for (state, is) in [("ready", Admin::Ready), ("drain", Admin::Drain), ("maint", Admin::Maint)] {
            let labels = AdminLabels { service: service.clone(), backend: name.clone(), state };
            admin.get_or_create(&labels).set(i64::from(backend.admin == is));
        }
    }
    registry.register("backend_admin", "1 for the state that operators want it in", admin);
}

fn set<'a>(
    registry: &mut Registry,
    (name, help, of): BackendGauge,
    backends: impl Iterator<Item = Counted<'a>>,
) {
    let family = Family::<Labels, Gauge>::default();
    for (labels, _, backend) in backends {
        family.get_or_create(&labels).set(of(backend));
    }
    registry.register(format!("backend_{name}"), help, family);
}

/// A backend that counts, with its labels and its service.
type Counted<'a> = (Labels, &'a Service, &'a Backend);

/// Backends that count: all but one that is leaving and whose name another has by now. To Prometheus that is a counter
/// that begins anew, which is what it is.
fn counted(status: &Status) -> impl Iterator<Item = Counted<'_>> {
    status.services.iter().flat_map(|service| {
        let names: HashSet<_> =
            service.backends.iter().filter(|backend| !backend.leaving).map(|backend| &backend.name).collect();
        let counts = move |backend: &&Backend| !backend.leaving || !names.contains(&backend.name);
        service.backends.iter().filter(counts).map(move |backend| {
            let labels = Labels { service: service.name.clone(), backend: backend.name.clone() };
            (labels, service, backend)
        })
    })
}
