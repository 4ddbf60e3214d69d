//! From a status to the text that Prometheus reads. Pure.

mod backend;
mod service;

use std::fmt;

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, info::Info},
    registry::{Registry, Unit},
};

use crate::model::{Status, Traffic};

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
    service::register(&mut registry, status);
    backend::register(&mut registry, status);
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

/// A gauge of what cannot be negative.
fn gauge(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn daemon(registry: &mut Registry, status: &Status) {
    registry.register("build", "The daemon's version", Info::new(vec![("version", status.version.clone())]));
    let start: Gauge = Gauge::default();
    start.set(status.started.as_second());
    registry.register_with_unit("start_time", "When the daemon started", Unit::Seconds, start);
    let revision: Gauge = Gauge::default();
    revision.set(gauge(status.config.revision));
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

/// The traffic counters, of services and of backends.
const TRAFFIC: [TrafficCounter; 6] = [
    ("packets", "Packets from clients", |traffic| traffic.packets),
    ("bytes", "Bytes of frames from clients", |traffic| traffic.bytes),
    ("connections", "New TCP connections", |traffic| traffic.connections),
    ("closed_connections", "TCP connections that have ended, as far as it is seen", |traffic| traffic.closed),
    ("reply_packets", "Packets to clients (nat only)", |traffic| traffic.reply_packets),
    ("reply_bytes", "Bytes of frames to clients (nat only)", |traffic| traffic.reply_bytes),
];

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
            "xdplb_service_waiting_slots{service=\"web\"} 9",
            "xdplb_service_leaving_backends{service=\"web\"} 1",
            "xdplb_backend_weight{service=\"web\",backend=\"web-2\"} 5",
            "xdplb_backend_configured_weight{service=\"web\",backend=\"web-2\"} 1",
            "xdplb_backend_giving_up_slots{service=\"web\",backend=\"web-2\"} 30",
            "xdplb_backend_lingering_connections{service=\"web\",backend=\"web-2\"} 4",
            "xdplb_backend_admin{service=\"web\",backend=\"web-2\",state=\"drain\"} 1",
            "xdplb_backend_admin{service=\"web\",backend=\"web-2\",state=\"ready\"} 0",
            "xdplb_start_time_seconds 1799910000",
            "xdplb_service_closed_connections_total{service=\"web\"} 7",
            "xdplb_service_rejected_packets_total{service=\"web\"} 1",
            "xdplb_service_unnoted_flows_total{service=\"web\"} 4",
            "xdplb_backend_closed_connections_total{service=\"web\",backend=\"web-1\"} 1",
            "xdplb_backend_response_seconds{service=\"web\",backend=\"web-1\"} 0.0015",
        ] {
            check(&page, line);
        }
    }

    #[test]
    fn what_is_not_known_is_not_there() {
        let mut status = example::status();
        let untracked = page(&status).unwrap();
        for family in ["service_live_connections", "backend_live_connections", "backend_pending_connections"]
        {
            assert!(!untracked.contains(&format!("xdplb_{family}{{")), "{family} in\n{untracked}");
        }
        let response = "xdplb_backend_response_seconds{service=\"web\",backend=\"web-5\"}";
        assert!(!untracked.contains(response), "{untracked}");
        status.services[0].tracked = true;
        let tracked = page(&status).unwrap();
        for line in [
            "xdplb_service_live_connections{service=\"web\"} 18",
            "xdplb_backend_live_connections{service=\"web\",backend=\"web-1\"} 3",
            "xdplb_backend_pending_connections{service=\"web\",backend=\"web-1\"} 1",
        ] {
            check(&tracked, line);
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
