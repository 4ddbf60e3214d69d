//! What `xdp-lb status --json` says: the one place that knows its form.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, anyhow};
use serde_json::Value;

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
    /// Whether so few backends are healthy that health is ignored.
    pub panic: bool,
    /// What was counted, backends that are gone included.
    pub traffic: Traffic,
    /// Packets that no backend got.
    pub dropped: u64,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Packets from clients.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Connections opened.
    pub connections: u64,
    /// Packets to clients.
    pub reply_packets: u64,
    /// Their bytes.
    pub reply_bytes: u64,
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
    /// What was counted.
    pub traffic: Traffic,
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
        Ok(Self {
            name: text(value, "name")?,
            backends: list(value, "backends")?.iter().map(Backend::read).collect::<Result<_>>()?,
            slots: number(value, "slots")?,
            moving: number(value, "moving")?,
            panic: flag(value, "panic")?,
            traffic: Traffic::read(value)?,
            dropped: number(value, "dropped_packets")?,
        })
    }
}

impl Traffic {
    fn read(value: &Value) -> Result<Self> {
        Ok(Self {
            packets: number(value, "packets")?,
            bytes: number(value, "bytes")?,
            connections: number(value, "connections")?,
            reply_packets: number(value, "reply_packets")?,
            reply_bytes: number(value, "reply_bytes")?,
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
            traffic: Traffic::read(value)?,
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
    fn what_is_missing_is_named() {
        let error = Status::parse(r#"{"config": {}, "services": [{"name": "web"}]}"#).unwrap_err();
        assert!(format!("{error:#}").ends_with("no backends"), "{error:#}");
    }
}
