//! The validated configuration: what the rest of the daemon works with.

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use serde::Serialize;

/// A whole configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Config {
    /// `[datapath]`.
    pub datapath: Datapath,
    /// `[api]`.
    pub api: Api,
    /// `[metrics]`; `None`: the section is absent and nothing listens.
    pub metrics: Option<Metrics>,
    /// Every `[[service]]`, in the file's order.
    pub services: Vec<Service>,
}

/// Where the programs are attached and pinned, and how large their maps are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Datapath {
    /// Names of the interfaces where clients' and backends' packets arrive; at least one, each once.
    pub interfaces: Vec<String>,
    /// How the program is attached to them.
    pub attach: Attach,
    /// The folder on bpffs that holds maps, programs and links; absolute.
    pub pin: PathBuf,
    /// Seed of the flow hash, shared by the hosts of a fleet; `None`: the daemon chooses one.
    pub hash_seed: Option<u64>,
    /// Sizes of the maps.
    pub capacity: Capacity,
}

/// Which XDP hook is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Attach {
    /// The driver's where it has one, otherwise the generic one.
    Auto,
    /// The driver's, or fail.
    Native,
    /// The kernel's generic one, which any interface has.
    Generic,
}

/// What the maps must hold, in entries; `None`: derived from the configuration when the program is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Capacity {
    /// Services.
    pub services: Option<u32>,
    /// Backends of all services together.
    pub backends: Option<u32>,
    /// Slots of all services together.
    pub slots: Option<u32>,
    /// Flows that are remembered while their slots move.
    pub flows: Option<u32>,
}

/// `[api]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Api {
    /// The Unix socket of the runtime API; absolute.
    pub socket: PathBuf,
}

/// `[metrics]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Metrics {
    /// Where Prometheus scrapes.
    pub listen: SocketAddr,
}

/// One virtual address and the backends behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Service {
    /// Unique among the services.
    pub name: String,
    /// Where clients send; unique among the services of the same protocol.
    pub vip: SocketAddr,
    /// What they speak.
    pub protocol: Protocol,
    /// How packets reach the backends.
    pub forwarding: Forwarding,
    /// How a backend is chosen.
    pub algorithm: Algorithm,
    /// Slots of its table, at least; rounded up to a prime by the daemon. `None`: the daemon chooses.
    pub slots: Option<u32>,
    /// How long a moving slot takes unknown packets for those of connections from before the move, and after how long
    /// without packets a connection counts as ended.
    #[serde(with = "humantime_serde")]
    pub drain_timeout: Duration,
    /// How its backends are checked; `None`: they are not, and count as healthy.
    pub health: Option<Health>,
    /// Where packets go; may be empty.
    pub backends: Vec<Backend>,
}

/// A transport protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// How a packet is sent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Forwarding {
    /// Destination address and port are rewritten; replies come back through the host.
    Nat,
    /// Only the MAC address is rewritten; replies go straight to the client.
    Dsr,
}

/// How a backend is chosen for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// Weighted Maglev hashing.
    Maglev,
}

/// A server behind a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Backend {
    /// Unique in its service; by default `address` as text.
    pub name: String,
    /// Where it is reached, of the VIP's address family; unique in its service.
    pub address: SocketAddr,
    /// Its share of new connections, relative to the others of its service; 0: none.
    pub weight: u16,
}

/// A TCP connect check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// The port to connect to; `None`: the backend's.
    pub port: Option<u16>,
    /// From the start of one check to the start of the next; not zero.
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
    /// How long a connect may take; not zero.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Successes in a row that bring a backend back; at least 1.
    pub rise: u32,
    /// Failures in a row that take it out; at least 1.
    pub fall: u32,
}

impl Protocol {
    /// Its number in the IP header.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

impl fmt::Display for Forwarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nat => "nat",
            Self::Dsr => "dsr",
        })
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Maglev => "maglev",
        })
    }
}

impl fmt::Display for Attach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Native => "native",
            Self::Generic => "generic",
        })
    }
}
