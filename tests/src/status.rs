//! What `xdp-lb status --json` says: the one place that knows its form.

mod traffic;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, anyhow};
use serde_json::Value;

pub use self::traffic::{Rates, Traffic};

/// The daemon's account of its services.
#[derive(Clone, Debug)]
pub struct Status {
    /// In the order of the configuration.
    pub services: Vec<Service>,
    /// The daemon's process.
    pub pid: u64,
    /// How often a configuration was applied.
    pub revision: u64,
    /// Why the last reload was refused, if it was.
    pub refused: Option<String>,
    /// In the order of the configuration.
    pub interfaces: Vec<Interface>,
    /// Dropped packets by reason.
    pub drops: BTreeMap<String, u64>,
    /// What keeps traffic from flowing as configured.
    pub warnings: Vec<String>,
}

/// One interface.
#[derive(Clone, Debug)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// `native` or `generic`, if the program is on it.
    pub mode: Option<String>,
    /// Why it is not.
    pub problem: Option<String>,
}

/// One service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name in the configuration.
    pub name: String,
    /// In the order of the configuration.
    pub backends: Vec<Backend>,
    /// Size of its table.
    pub slots: u64,
    /// Slots on their way from one backend to another.
    pub moving: u64,
    /// Slots that wait for room in the flow table.
    pub waiting: u64,
    /// Whether so few backends are healthy that health is ignored.
    pub panic: bool,
    /// What was counted, backends that are gone included.
    pub traffic: Traffic,
    /// How fast it grows; `None`: not known yet.
    pub rates: Option<Rates>,
    /// Whether every flow is noted.
    pub tracked: bool,
    /// Established connections that are noted, on all backends.
    pub live: u64,
    /// Packets that no backend got.
    pub dropped: u64,
    /// Of those, the ones whose senders were told.
    pub rejected: u64,
    /// Flows that were not noted for want of room.
    pub unnoted: u64,
}

/// One backend of a service.
#[derive(Clone, Debug)]
pub struct Backend {
    /// Its name in the configuration, or its address.
    pub name: String,
    /// Its weight in force.
    pub weight: u64,
    /// `ready`, `drain` or `maint`.
    pub admin: String,
    /// What of its full share it has, 0 to 1, while that grows.
    pub slow_start: Option<f64>,
    /// Its share of the service's slots, 0 to 1.
    pub share: f64,
    /// `up`, `down` or `unknown`.
    pub health: String,
    /// Why the health is as it is.
    pub reason: String,
    /// Slots that it owns.
    pub slots: u64,
    /// Whether the configuration no longer names it, and it keeps its connections until they end.
    pub leaving: bool,
    /// Whether packets can be sent to it.
    pub reachable: bool,
    /// How, or why not.
    pub next_hop: String,
    /// Established connections that are noted.
    pub live: u64,
    /// Connections that are noted and not established yet.
    pub pending: u64,
    /// How long it takes to answer, in seconds; `None`: not known.
    pub response: Option<f64>,
    /// What was counted.
    pub traffic: Traffic,
    /// How fast it grows; `None`: not known yet.
    pub rates: Option<Rates>,
}

impl Status {
    /// Reads the command's output.
    pub fn parse(text: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(text).context("the status is not JSON")?;
        Self::read(&value).with_context(|| format!("in the status {text}"))
    }

    fn read(value: &Value) -> Result<Self> {
        let config = value.get("config").ok_or_else(|| missing("config"))?;
        let drop = |drop: &Value| Ok((text(drop, "reason")?, number(drop, "packets")?));
        let warning = |warning: &Value| warning.as_str().map(str::to_owned).ok_or_else(|| missing("warning"));
        Ok(Self {
            services: list(value, "services")?.iter().map(Service::read).collect::<Result<_>>()?,
            pid: number(value, "pid")?,
            revision: number(config, "revision")?,
            refused: text(config, "refused").ok(),
            interfaces: list(value, "interfaces")?.iter().map(Interface::read).collect::<Result<_>>()?,
            drops: list(value, "drops")?.iter().map(drop).collect::<Result<_>>()?,
            warnings: list(value, "warnings")?.iter().map(warning).collect::<Result<_>>()?,
        })
    }

    /// A service by its name.
    pub fn service(&self, name: &str) -> Result<&Service> {
        let found = self.services.iter().find(|service| service.name == name);
        found.ok_or_else(|| anyhow!("the status has no service {name}"))
    }

    /// A backend by its service's name and its own.
    pub fn backend(&self, service: &str, name: &str) -> Result<&Backend> {
        let found = self.service(service)?.backends.iter().find(|backend| backend.name == name);
        found.ok_or_else(|| anyhow!("the status of {service} has no backend {name}"))
    }

    /// Whether every backend of every service is up.
    #[must_use]
    pub fn all_up(&self) -> bool {
        self.services.iter().flat_map(|service| &service.backends).all(Backend::is_up)
    }
}

impl Interface {
    fn read(value: &Value) -> Result<Self> {
        let (mode, problem) = (text(value, "mode").ok(), text(value, "problem").ok());
        Ok(Self { name: text(value, "name")?, mode, problem })
    }
}

impl Service {
    fn read(value: &Value) -> Result<Self> {
        let backends: Vec<_> = list(value, "backends")?.iter().map(Backend::read).collect::<Result<_>>()?;
        Ok(Self {
            name: text(value, "name")?,
            live: backends.iter().map(|backend| backend.live).sum(),
            backends,
            slots: number(value, "slots")?,
            moving: number(value, "moving")?,
            waiting: number_or_zero(value, "waiting"),
            panic: flag(value, "panic")?,
            traffic: Traffic::read(value)?,
            rates: Rates::read(value),
            tracked: value.get("tracked").and_then(Value::as_bool).unwrap_or(false),
            dropped: number(value, "dropped_packets")?,
            rejected: number_or_zero(value, "rejected_packets"),
            unnoted: number_or_zero(value, "unnoted_flows"),
        })
    }
}

impl Backend {
    /// Whether its health check succeeds.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.health == "up"
    }

    fn read(value: &Value) -> Result<Self> {
        let health = value.get("health").ok_or_else(|| missing("health"))?;
        let next_hop = value.get("next_hop").ok_or_else(|| missing("next_hop"))?;
        Ok(Self {
            name: text(value, "name")?,
            weight: number(value, "weight")?,
            admin: text(value, "admin")?,
            slow_start: value.get("slow_start").and_then(Value::as_f64),
            share: value.get("share").and_then(Value::as_f64).ok_or_else(|| missing("share"))?,
            health: text(health, "state")?,
            reason: text(health, "reason")?,
            slots: number(value, "slots")?,
            leaving: flag(value, "leaving")?,
            reachable: flag(next_hop, "usable")?,
            next_hop: text(next_hop, "detail")?,
            live: number_or_zero(value, "live"),
            pending: number_or_zero(value, "pending"),
            response: value.get("response_seconds").and_then(Value::as_f64),
            traffic: Traffic::read(value)?,
            rates: Rates::read(value),
        })
    }
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a Vec<Value>> {
    value.get(key).and_then(Value::as_array).ok_or_else(|| missing(key))
}

fn text(value: &Value, key: &str) -> Result<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| missing(key))
}

fn number(value: &Value, key: &str) -> Result<u64> {
    value.get(key).and_then(Value::as_u64).ok_or_else(|| missing(key))
}

fn flag(value: &Value, key: &str) -> Result<bool> {
    value.get(key).and_then(Value::as_bool).ok_or_else(|| missing(key))
}

/// What not every version says.
fn number_or_zero(value: &Value, key: &str) -> u64 {
    number(value, key).unwrap_or(0)
}

fn missing(key: &str) -> anyhow::Error {
    anyhow!("no {key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_names_services_and_backends() {
        let counted =
            r#""packets": 10, "bytes": 1000, "connections": 2, "reply_packets": 9, "reply_bytes": 90"#;
        let status = Status::parse(&format!(
            r#"{{"pid": 7, "config": {{"revision": 2, "refused": null}}, "warnings": ["hot"],
                "interfaces": [{{"name": "eth0", "mode": "native", "problem": null}}],
                "drops": [{{"reason": "no-backend", "packets": 3}}],
                "services": [{{"name": "web", "slots": 101, "moving": 7, "panic": false, "dropped_packets": 3, {counted},
                "backends": [{{"name": "web-1", "weight": 3, "admin": "ready", "leaving": false, "share": 0.5, "slots": 50,
                "health": {{"state": "down", "reason": "connection refused"}},
                "next_hop": {{"usable": true, "detail": "on eth0"}}, {counted}}}]}}]}}"#
        ))
        .unwrap();
        let backend = status.backend("web", "web-1").unwrap();
        assert_eq!((backend.weight, backend.traffic.connections, backend.is_up()), (3, 2, false));
        assert_eq!((status.refused.as_deref(), status.drops["no-backend"]), (None, 3));
        assert!(!status.all_up());
        assert!(status.backend("web", "web-2").is_err());
    }

    #[test]
    fn loads_and_rates_are_there_or_not() {
        let backend = r#""name": "web-1", "weight": 1, "admin": "ready", "leaving": false, "share": 1.0, "slots": 101,
            "health": {"state": "up", "reason": "connected"}, "next_hop": {"usable": true, "detail": "on eth0"},
            "packets": 1, "bytes": 1, "connections": 1, "reply_packets": 1, "reply_bytes": 1"#;
        let service = |more: &str| {
            let text = format!(
                r#"{{"name": "web", "slots": 101, "moving": 0, "panic": false, "dropped_packets": 3, "packets": 1, "bytes": 1,
                "connections": 1, "reply_packets": 1, "reply_bytes": 1{more},
                "backends": [{{{backend}{more}}}, {{{backend}{more}}}]}}"#
            );
            Service::read(&serde_json::from_str(&text).unwrap()).unwrap()
        };
        let old = service("");
        assert_eq!((old.tracked, old.live, old.rejected, old.unnoted, old.rates), (false, 0, 0, 0, None));
        assert_eq!((old.backends[0].pending, old.traffic.closed, old.backends[0].rates), (0, 0, None));
        let new = service(
            r#", "tracked": true, "live": 4, "pending": 2, "closed": 5, "rejected_packets": 1, "unnoted_flows": 9,
            "packets_per_second": 2.5, "bytes_per_second": 100.0, "connections_per_second": 0.5,
            "closed_per_second": 0, "response_seconds": 0.25"#,
        );
        assert_eq!((new.tracked, new.live, new.rejected, new.unnoted), (true, 8, 1, 9));
        assert_eq!((new.backends[1].live, new.backends[1].pending, new.traffic.closed), (4, 2, 5));
        assert_eq!((old.backends[0].response, new.backends[0].response), (None, Some(0.25)));
        let rates = Rates { packets: 2.5, bytes: 100.0, connections: 0.5, closed: 0.0 };
        assert_eq!((new.rates, new.backends[1].rates), (Some(rates), Some(rates)));
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = Status::parse(r#"{"config": {}, "services": [{"name": "web"}]}"#).unwrap_err();
        assert!(format!("{error:#}").ends_with("no backends"), "{error:#}");
    }
}
