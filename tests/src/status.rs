//! What `xdp-lb status --json` says: the one place that knows its form.

use anyhow::{Context as _, Result, anyhow};
use serde_json::Value;

/// The daemon's account of its services.
#[derive(Clone, Debug)]
pub struct Status {
    /// In the order of the configuration.
    pub services: Vec<Service>,
}

/// One service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name in the configuration.
    pub name: String,
    /// In the order of the configuration.
    pub backends: Vec<Backend>,
}

/// One backend of a service.
#[derive(Clone, Debug)]
pub struct Backend {
    /// Its name in the configuration, or its address.
    pub name: String,
    /// Its weight in force.
    pub weight: u64,
    /// Its share of the service's slots, 0 to 1.
    pub share: f64,
    /// `up`, `down` or `unknown`.
    pub health: String,
    /// Why the health is as it is.
    pub reason: String,
    /// Packets forwarded to it.
    pub packets: u64,
    /// Bytes forwarded to it.
    pub bytes: u64,
    /// Connections opened to it.
    pub connections: u64,
}

impl Status {
    /// Reads the command's output.
    pub fn parse(text: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(text).context("the status is not JSON")?;
        let services = list(&value, "services")?.iter().map(Service::read).collect::<Result<_>>();
        Ok(Self { services: services.with_context(|| format!("in the status {text}"))? })
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

impl Service {
    fn read(value: &Value) -> Result<Self> {
        let backends = list(value, "backends")?.iter().map(Backend::read).collect::<Result<_>>()?;
        Ok(Self { name: text(value, "name")?, backends })
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
        Ok(Self {
            name: text(value, "name")?,
            weight: number(value, "weight")?,
            share: value.get("share").and_then(Value::as_f64).ok_or_else(|| missing("share"))?,
            health: text(health, "state")?,
            reason: text(health, "reason")?,
            packets: number(value, "packets")?,
            bytes: number(value, "bytes")?,
            connections: number(value, "connections")?,
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

fn missing(key: &str) -> anyhow::Error {
    anyhow!("no {key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_names_services_and_backends() {
        let status = Status::parse(
            r#"{"services": [{"name": "web", "backends": [{"name": "web-1", "weight": 3, "share": 0.5,
                "health": {"state": "down", "reason": "connection refused"},
                "packets": 10, "bytes": 1000, "connections": 2}]}]}"#,
        )
        .unwrap();
        let backend = status.backend("web", "web-1").unwrap();
        assert_eq!((backend.weight, backend.connections, backend.is_up()), (3, 2, false));
        assert!(!status.all_up());
        assert!(status.backend("web", "web-2").is_err());
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = Status::parse(r#"{"services": [{"name": "web"}]}"#).unwrap_err();
        assert!(format!("{error:#}").ends_with("no backends"), "{error:#}");
    }
}
