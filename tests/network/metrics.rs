//! Metrics as Prometheus reads them: every line, and the same values as in the status.

use std::collections::{BTreeMap, BTreeSet};

use xdp_lb_lab::client::http;
use xdp_lb_lab::status::Traffic;
use xdp_lb_lab::topology::{self, VIP4, VIP6};

use crate::{
    service::{QUICK, Service},
    world::{DNS, HTTP, PATIENCE, Servers, World, addresses},
};

/// Labels by name.
type Labels = BTreeMap<String, String>;

/// A parsed page.
#[derive(Debug, Default)]
struct Page {
    /// Type by family.
    types: BTreeMap<String, String>,
    help: BTreeSet<String>,
    samples: BTreeMap<(String, Labels), String>,
}

impl Page {
    fn parse(text: &str) -> Self {
        let mut page = Self::default();
        let body = text.strip_suffix("# EOF\n").expect("the page ends with # EOF");
        for line in body.lines() {
            if let Some(comment) = line.strip_prefix("# ") {
                let [word, family, rest] = comment.splitn(3, ' ').collect::<Vec<_>>()[..] else {
                    panic!("not a comment of the format: {line}");
                };
                match word {
                    "TYPE" => {
                        let again = page.types.insert(family.to_owned(), rest.to_owned());
                        assert_eq!(again, None, "two types: {line}");
                    }
                    "HELP" => assert!(page.help.insert(family.to_owned()), "two helps: {line}"),
                    "UNIT" => {
                        assert!(family.ends_with(&format!("_{rest}")), "the unit is in the name: {line}");
                    }
                    _ => panic!("not a comment of the format: {line}"),
                }
            } else {
                page.sample(line);
            }
        }
        page
    }

    fn sample(&mut self, line: &str) {
        let (left, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
        assert!(value.parse::<f64>().is_ok(), "no number: {line}");
        let (name, labels) = match left.split_once('{') {
            None => (left, Labels::new()),
            Some((name, labels)) => (name, read(labels.strip_suffix('}').expect("a closing brace"))),
        };
        assert!(name.starts_with("xdplb_"), "{line}");
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(name.chars().all(legal), "{line}");
        let family = ["_total", "_info"].iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
        let kind = self.types.get(family).unwrap_or_else(|| panic!("no type before it: {line}"));
        assert_eq!(name.ends_with("_total"), kind == "counter", "_total is for counters: {line}");
        assert!(self.help.contains(family), "no help: {line}");
        assert!(self.samples.insert((name.to_owned(), labels), value.to_owned()).is_none(), "twice: {line}");
    }

    /// The value of what counts; `None`: it is not there.
    fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<u64> {
        let owned = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let found = self.samples.get(&(name.to_owned(), owned))?;
        Some(found.parse().unwrap_or_else(|_| panic!("{name} {labels:?} is {found}")))
    }

    fn value(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        self.find(name, labels).unwrap_or_else(|| panic!("no {name} {labels:?}"))
    }
}

/// `name="value",…`; none of the values here needs escapes.
fn read(labels: &str) -> Labels {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once("=\"").expect("name=\"value\"");
        (name.to_owned(), value.strip_suffix('"').expect("a closing quote").to_owned())
    };
    labels.split(',').map(pair).collect()
}

fn same(page: &Page, prefix: &str, labels: &[(&str, &str)], traffic: &Traffic) {
    for (name, value) in [
        ("packets", traffic.packets),
        ("bytes", traffic.bytes),
        ("connections", traffic.connections),
        ("closed_connections", traffic.closed),
        ("reply_packets", traffic.reply_packets),
        ("reply_bytes", traffic.reply_bytes),
    ] {
        assert_eq!(page.value(&format!("xdplb_{prefix}_{name}_total"), labels), value, "{labels:?} {name}");
    }
}

#[test]
fn metrics_are_well_formed_and_agree_with_the_status() {
    let network = topology::routed(2).unwrap();
    let web = Service::new("web", (VIP4, 80)).health(QUICK);
    let web = web.backends(addresses(&network, VIP4.into(), HTTP));
    let dns = Service::new("dns", (VIP6, 53)).udp().backends(addresses(&network, VIP6.into(), DNS));
    let none = Service::new("none", (VIP4, 81));
    let servers = Servers::default().web(&network).dns(&network);
    let mut world = World::new(network, servers, &[web, dns, none]);
    world.spread((VIP4, 80).into(), 20);
    (0..20).for_each(|_| drop(world.ask((VIP6, 53).into()).unwrap()));
    let limit = std::time::Duration::from_millis(300);
    let unserved = || Ok(http::get((VIP4, 81).into(), "/", limit));
    world.network.client.host.enter(unserved).unwrap().unwrap_err();
    world.servers.nginx[1].kill().unwrap();
    world
        .daemon
        .wait_for("web-2 to be down", PATIENCE, |status| Ok(!status.backend("web", "web-2")?.is_up()))
        .unwrap();

    let scrape = |path: &'static str| {
        let endpoint = "127.0.0.1:9464".parse().unwrap();
        world.balancer().enter(|| Ok(http::get(endpoint, path, PATIENCE)?)).unwrap()
    };
    let status = world.daemon.status().unwrap();
    let response = scrape("/metrics");
    assert_eq!(response.status, 200);
    let kind = response.header("content-type").unwrap();
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"), "{kind}");
    let page = Page::parse(&format!("{}\n", response.text()));
    assert_eq!(scrape("/").status, 404);

    for service in &status.services {
        let label = ("service", service.name.as_str());
        same(&page, "service", &[label], &service.traffic);
        assert_eq!(page.value("xdplb_service_dropped_packets_total", &[label]), service.dropped);
        assert_eq!(page.value("xdplb_service_rejected_packets_total", &[label]), service.rejected);
        assert_eq!(page.value("xdplb_service_unnoted_flows_total", &[label]), service.unnoted);
        let live = service.tracked.then_some(service.live);
        assert_eq!(page.find("xdplb_service_live_connections", &[label]), live);
        assert_eq!(page.value("xdplb_service_slots", &[label]), service.slots);
        assert_eq!(page.value("xdplb_service_moving_slots", &[label]), service.moving);
        assert_eq!(page.value("xdplb_service_leaving_backends", &[label]), 0);
        for backend in &service.backends {
            let labels = [label, ("backend", backend.name.as_str())];
            same(&page, "backend", &labels, &backend.traffic);
            assert_eq!(page.value("xdplb_backend_up", &labels), u64::from(backend.health != "down"));
            assert_eq!(page.value("xdplb_backend_next_hop_usable", &labels), u64::from(backend.reachable));
            assert_eq!(page.value("xdplb_backend_weight", &labels), backend.weight);
            assert_eq!(page.value("xdplb_backend_slots", &labels), backend.slots);
            for (name, value) in [("live", backend.live), ("pending", backend.pending)] {
                let name = format!("xdplb_backend_{name}_connections");
                assert_eq!(page.find(&name, &labels), service.tracked.then_some(value), "{name}");
            }
            for state in ["ready", "drain", "maint"] {
                let labels = [label, labels[1], ("state", state)];
                let is = u64::from(backend.admin == state);
                assert_eq!(page.value("xdplb_backend_admin", &labels), is, "{state}");
            }
        }
    }
    for (reason, packets) in &status.drops {
        assert_eq!(page.value("xdplb_dropped_packets_total", &[("reason", reason)]), *packets, "{reason}");
    }
    for interface in &status.interfaces {
        let labels = [("interface", interface.name.as_str()), ("mode", "native")];
        assert_eq!(page.value("xdplb_interface_attached", &labels), 1);
    }
    assert_eq!(page.value("xdplb_config_last_reload_successful", &[]), 1);
    assert_eq!(page.value("xdplb_config_revision", &[]), 1);
    // Not everything is zero.
    assert_eq!(status.service("web").unwrap().traffic.connections, 20);
    assert!(status.drops["no-backend"] > 0 && status.backend("web", "web-2").unwrap().health == "down");
}
