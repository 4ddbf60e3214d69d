//! What the daemon publishes of its state: the body of `GET /v1/status`.
//!
//! A daemon and a command line of different versions understand each other: what one does not know is ignored, what one
//! does not say is as by default. Only what says that this is a status at all must be there.

mod plan;
mod traffic;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::health::State;

pub use self::{
    plan::{Plan, PlannedService},
    traffic::{Rates, Traffic},
};

/// Everything that `xdp-lb status` shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Status {
    /// The daemon's version.
    pub version: String,
    /// The daemon's process.
    #[serde(default)]
    pub pid: u32,
    /// When it started.
    #[serde(default)]
    pub started: Timestamp,
    /// The configuration in force.
    #[serde(default)]
    pub config: Config,
    /// Interfaces, in the configuration's order.
    #[serde(default)]
    pub interfaces: Vec<Interface>,
    /// Services, in the configuration's order.
    pub services: Vec<Service>,
    /// Packets dropped since the maps were made.
    #[serde(default)]
    pub drops: Vec<DroppedPackets>,
    /// What keeps traffic from flowing as configured.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// The configuration in force.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// The file.
    pub file: String,
    /// When it was last read and applied.
    pub loaded: Timestamp,
    /// How often it was.
    pub revision: u64,
    /// Why the last reload was refused; `None`: it was not.
    pub refused: Option<String>,
}

/// An interface.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// How the program is attached: "native" or "generic"; `None`: it is not.
    pub mode: Option<String>,
    /// Why it is not attached.
    pub problem: Option<String>,
}

/// A service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Service {
    /// Its index in the maps.
    #[serde(skip)]
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Its address and port.
    pub vip: String,
    /// "tcp" or "udp".
    pub protocol: String,
    /// "nat" or "dsr".
    pub forwarding: String,
    /// "maglev", "round-robin", "least-connections" or "least-response-time".
    pub algorithm: String,
    /// Size of its slot table.
    pub slots: u32,
    /// Slots on their way from one backend to another: connections from before are looked up.
    pub moving: u32,
    /// Slots that should be on their way, but wait until the flow table has room for their connections.
    pub waiting: u32,
    /// Whether so few backends are healthy that health is ignored.
    pub panic: bool,
    /// Whether every flow is noted: the connections that its backends have are then known.
    pub tracked: bool,
    /// What all its backends counted, gone ones included.
    #[serde(flatten)]
    pub traffic: Traffic,
    /// The sum of its backends' rates; `None`: not known yet.
    #[serde(flatten)]
    pub rates: Option<Rates>,
    /// Packets dropped for want of a usable backend or because they were broken.
    pub dropped_packets: u64,
    /// Their bytes.
    pub dropped_bytes: u64,
    /// Of the dropped packets, those whose senders were told: by an RST, or by ICMP.
    pub rejected_packets: u64,
    /// Flows that were not noted for want of room in the flow table.
    pub unnoted_flows: u64,
    /// Its backends, in the configuration's order.
    pub backends: Vec<Backend>,
}

/// A backend.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Backend {
    /// Its index in the maps.
    #[serde(skip)]
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Its address and port.
    pub address: String,
    /// Its weight in force.
    pub weight: u16,
    /// The weight that the configuration gives it.
    pub configured_weight: u16,
    /// What an operator wants of it.
    pub admin: Admin,
    /// Whether an operator has added it.
    pub added: bool,
    /// Whether it gets connections only while no other backend can take any.
    pub backup: bool,
    /// Most connections that it may have at a time; `None`: any number.
    pub max_connections: Option<u32>,
    /// What of its full share it has, 0 to 1, while that grows; `None`: all, or no connections at all.
    pub slow_start: Option<f64>,
    /// Slots that move away from it: connections that they had may still be on it.
    pub giving_up: u32,
    /// Connections that it has on slots of other backends, as the last sweep of the flow table found them.
    pub lingering: u32,
    /// Whether the configuration no longer names it: it keeps its connections until they end.
    pub leaving: bool,
    /// Slots that it owns.
    pub slots: u32,
    /// Its share of the slots, 0 to 1.
    pub share: f64,
    /// What its checks say.
    pub health: Health,
    /// The way to it.
    pub next_hop: NextHop,
    /// Established connections that are noted. Those of tracked services all are; of others only what is on moving
    /// slots, which says little.
    pub live: u64,
    /// Connections that have begun and are not established yet, as far as they are noted.
    pub pending: u64,
    /// Moving average of the time that a handshake takes, in seconds; `None`: not known.
    pub response_seconds: Option<f64>,
    /// What it counted.
    #[serde(flatten)]
    pub traffic: Traffic,
    /// `None`: not known yet.
    #[serde(flatten)]
    pub rates: Option<Rates>,
}

impl Service {
    /// Established connections on all its backends, those that are leaving included; `None`: not all are known.
    #[must_use]
    pub fn live(&self) -> Option<u64> {
        self.tracked.then(|| self.backends.iter().map(|backend| backend.live).sum())
    }

    /// Connections on all its backends that are not established yet; `None`: not all are known.
    #[must_use]
    pub fn pending(&self) -> Option<u64> {
        self.tracked.then(|| self.backends.iter().map(|backend| backend.pending).sum())
    }
}

/// What an operator wants of a backend. Apart from its health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Admin {
    /// It takes its share.
    #[default]
    Ready,
    /// It gets no new connections and keeps those that it has.
    Drain,
    /// It is out at once, whatever connections it has.
    Maint,
}

impl fmt::Display for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ready => "ready",
            Self::Drain => "drain",
            Self::Maint => "maint",
        })
    }
}

/// What checks say of a backend.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Health {
    /// Up, down or unknown.
    pub state: State,
    /// Why: the last change's cause.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// The way to a backend.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NextHop {
    /// Whether packets can be sent.
    pub usable: bool,
    /// MAC address and interface, or why not.
    pub detail: String,
}

/// Dropped packets of one reason.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DroppedPackets {
    /// The reason's label.
    pub reason: String,
    /// One sentence.
    pub description: String,
    /// How many.
    pub packets: u64,
}

#[cfg(test)]
pub(crate) mod example;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_of_another_version_can_be_read() {
        let status: Status = serde_json::from_str(
            r#"{"version": "9.9", "brand_new": [1], "services": [{"name": "web", "colour": "red",
                "backends": [{"name": "web-1", "health": {"state": "degraded"}, "packets": 7}]}]}"#,
        )
        .unwrap();
        let backend = &status.services[0].backends[0];
        assert_eq!((status.pid, backend.traffic.packets, backend.slots), (0, 7, 0));
        assert_eq!((backend.health.state, backend.admin), (State::Unknown, Admin::Ready));
        serde_json::from_str::<Status>("{}").unwrap_err();
    }

    #[test]
    fn rates_are_there_or_not() {
        let backend = |text: &str| serde_json::from_str::<Backend>(text).unwrap();
        assert_eq!(backend(r#"{"packets": 7}"#).rates, None);
        let rates = Rates { packets_per_second: 2.5, ..Rates::default() };
        let text = serde_json::to_string(&Backend { rates: Some(rates), ..Backend::default() }).unwrap();
        assert!(text.contains(r#""packets_per_second":2.5"#), "{text}");
        assert_eq!(backend(&text).rates, Some(rates));
    }

    #[test]
    fn a_status_comes_back_as_it_was() {
        let text = serde_json::to_string(&example::status()).unwrap();
        let again: Status = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), text);
    }
}
