//! From a status to the text that Prometheus reads. Pure.

use std::{collections::HashSet, fmt};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, info::Info},
    registry::{Registry, Unit},
};

use crate::{
    health::State,
    model::{Admin, Backend, Service, Status, Traffic},
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
struct AdminLabels {
    service: String,
    backend: String,
    state: &'static str,
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
    for service in &status.services {
        dropped.get_or_create(&label(&service.name)).inc_by(service.dropped_packets);
    }
    registry.register("service_dropped_packets", "Packets for the service that no backend got", dropped);
    let leaving = |service: &Service| service.backends.iter().map(|backend| i64::from(backend.leaving)).sum();
    let gauges: [ServiceGauge<'_>; 4] = [
        ("slots", "Size of the service's slot table", &|service| i64::from(service.slots)),
        ("moving_slots", "Slots that are moving from one backend to another", &|service| {
            i64::from(service.moving)
        }),
        ("waiting_slots", "Slots that wait for room in the flow table before they move", &|service| {
            i64::from(service.waiting)
        }),
        ("leaving_backends", "Backends that are gone but for their last connections", &leaving),
    ];
    for (name, help, of) in gauges {
        let family = Family::<ServiceLabel, Gauge>::default();
        for service in &status.services {
            family.get_or_create(&label(&service.name)).set(of(service));
        }
        registry.register(format!("service_{name}"), help, family);
    }
}

/// Name, help and value of a service's gauge.
type ServiceGauge<'a> = (&'static str, &'static str, &'a dyn Fn(&Service) -> i64);

/// Name, help and value of a backend's gauge.
type BackendGauge = (&'static str, &'static str, fn(&Backend) -> i64);

/// The gauges of backends.
const BACKEND: [BackendGauge; 7] = [
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

fn backends(registry: &mut Registry, status: &Status) {
    for (name, help, of) in TRAFFIC {
        let family = Family::<BackendLabels, Counter>::default();
        for (labels, backend) in counted(status) {
            family.get_or_create(&labels).inc_by(of(&backend.traffic));
        }
        registry.register(format!("backend_{name}"), help, family);
    }
    let staying = || counted(status).filter(|(_, backend)| !backend.leaving);
    for (name, help, of) in BACKEND {
        let family = Family::<BackendLabels, Gauge>::default();
        for (labels, backend) in staying() {
            family.get_or_create(&labels).set(of(backend));
        }
        registry.register(format!("backend_{name}"), help, family);
    }
    let admin = Family::<AdminLabels, Gauge>::default();
    for (BackendLabels { service, backend: name }, backend) in staying() {
        for (state, is) in [("ready", Admin::Ready), ("drain", Admin::Drain), ("maint", Admin::Maint)] {
            let labels = AdminLabels { service: service.clone(), backend: name.clone(), state };
            admin.get_or_create(&labels).set(i64::from(backend.admin == is));
        }
    }
    registry.register("backend_admin", "1 for the state that operators want it in", admin);
}

/// Backends that count, with their labels: all but one that is leaving and whose name another has by now. To Prometheus
/// that is a counter that begins anew, which is what it is.
fn counted(status: &Status) -> impl Iterator<Item = (BackendLabels, &Backend)> {
    status.services.iter().flat_map(|service| {
        let names: HashSet<_> =
            service.backends.iter().filter(|backend| !backend.leaving).map(|backend| &backend.name).collect();
        let counts = move |backend: &&Backend| !backend.leaving || !names.contains(&backend.name);
        service.backends.iter().filter(counts).map(|backend| {
            let labels = BackendLabels { service: service.name.clone(), backend: backend.name.clone() };
            (labels, backend)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::example;

    /// Whether the page has the line.
    fn check(page: &str, line: &str) {
        assert!(page.lines().any(|known| known == line), "no {line} in\n{page}");
    }

    #[test]
    fn what_operators_and_moves_have_done_is_seen() {
        let page = page(&example::status()).unwrap();
        for line in [
            "xdplb_service_moving_slots{service=\"web\"} 37",
            "xdplb_service_waiting_slots{service=\"web\"} 9",
            "xdplb_service_leaving_backends{service=\"web\"} 1",
            "xdplb_backend_weight{service=\"web\",backend=\"web-2\"} 5",
            "xdplb_backend_configured_weight{service=\"web\",backend=\"web-2\"} 1",
            "xdplb_backend_giving_up_slots{service=\"web\",backend=\"web-2\"} 30",
            "xdplb_backend_lingering_connections{service=\"web\",backend=\"web-2\"} 4",
            "xdplb_backend_admin{service=\"web\",backend=\"web-2\",state=\"drain\"} 1",
            "xdplb_backend_admin{service=\"web\",backend=\"web-2\",state=\"ready\"} 0",
            "xdplb_start_time_seconds 1799910000",
        ] {
            check(&page, line);
        }
    }

    #[test]
    fn a_leaving_backend_is_not_taken_for_the_one_that_has_its_name() {
        let mut status = example::status();
        let text = page(&status).unwrap();
        check(&text, "xdplb_backend_packets_total{service=\"web\",backend=\"web-1\"} 10");
        check(&text, "xdplb_backend_slots{service=\"web\",backend=\"web-1\"} 40");
        // Alone with its name it goes on counting, but is nothing any more.
        status.services[0].backends.remove(0);
        let text = page(&status).unwrap();
        check(&text, "xdplb_backend_packets_total{service=\"web\",backend=\"web-1\"} 10");
        assert!(!text.contains("xdplb_backend_slots{service=\"web\",backend=\"web-1\"}"), "{text}");
    }
}
