//! What the daemon publishes of its state: the body of `GET /v1/status`.
//!
//! A daemon and a command line of different versions understand each other: what one does not know is ignored, what one
//! does not say is as by default. Only what says that this is a status at all must be there.

mod plan;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::health::State;

pub use self::plan::{Plan, PlannedService};

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
    /// "maglev".
    pub algorithm: String,
    /// Size of its slot table.
    pub slots: u32,
    /// Slots on their way from one backend to another: connections from before are looked up.
    pub moving: u32,
    /// Slots that should be on their way, but wait until the flow table has room for their connections.
    pub waiting: u32,
    /// What all its backends counted, gone ones included.
    #[serde(flatten)]
    pub traffic: Traffic,
    /// Packets dropped for want of a usable backend or because they were broken.
    pub dropped_packets: u64,
    /// Their bytes.
    pub dropped_bytes: u64,
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
    /// What it counted.
    #[serde(flatten)]
    pub traffic: Traffic,
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

/// Counters. Bytes are those of frames, Ethernet header included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Traffic {
    /// Packets from clients.
    pub packets: u64,
    /// Bytes from clients.
    pub bytes: u64,
    /// New connections (TCP).
    pub connections: u64,
    /// Packets to clients; with dsr they do not pass here.
    pub reply_packets: u64,
    /// Bytes to clients.
    pub reply_bytes: u64,
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

impl From<&xdp_lb_common::counters::BackendCounters> for Traffic {
    fn from(counters: &xdp_lb_common::counters::BackendCounters) -> Self {
        Self {
            packets: counters.packets,
            bytes: counters.bytes,
            connections: counters.connections,
            reply_packets: counters.reply_packets,
            reply_bytes: counters.reply_bytes,
        }
    }
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
    fn a_status_comes_back_as_it_was() {
        let text = serde_json::to_string(&example::status()).unwrap();
        let again: Status = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), text);
    }
}
