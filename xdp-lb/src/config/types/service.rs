//! `[[service]]` and what is below it.

use std::{net::SocketAddr, time::Duration};

use serde::Serialize;

use super::{Algorithm, Forwarding, NoBackend, Protocol, Track};

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
    /// For how long a client's new connections go to the backend of its last one, counted from when that began: whole
    /// seconds that fit 16 bits. `None`: each connection for itself.
    #[serde(with = "humantime_serde")]
    pub affinity: Option<Duration>,
    /// Which of its flows are noted.
    pub track: Track,
    /// How long a noted flow may be silent before it counts as ended; at least a second.
    #[serde(with = "humantime_serde")]
    pub idle_timeout: Duration,
    /// Slots of its table, at least; rounded up to a prime by the daemon. `None`: the daemon chooses.
    pub slots: Option<u32>,
    /// How long a moving slot takes unknown packets for those of connections from before the move, and after how long
    /// without packets a connection counts as ended.
    #[serde(with = "humantime_serde")]
    pub drain_timeout: Duration,
    /// How long a backend that comes back takes to get to its full share; not zero. `None`: it has it at once.
    #[serde(with = "humantime_serde")]
    pub slow_start: Option<Duration>,
    /// Percentage of its backends below which, if fewer are healthy, health is ignored; 0: never.
    pub panic_threshold: u8,
    /// What clients are told when there is no usable backend.
    pub no_backend: NoBackend,
    /// How its backends are checked; `None`: they are not, and count as healthy.
    pub health: Option<Health>,
    /// Where packets go; may be empty.
    pub backends: Vec<Backend>,
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
    /// Whether it gets connections only while no other backend can take any.
    pub backup: bool,
    /// Most connections that it may have at a time; not 0. `None`: any number.
    pub max_connections: Option<u32>,
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

impl Service {
    /// Whether every flow is noted, not only those on moving slots.
    #[must_use]
    pub fn is_tracked(&self) -> bool {
        self.algorithm != Algorithm::Maglev
            || self.affinity.is_some()
            || self.track == Track::Always
            || self.backends.iter().any(|backend| backend.max_connections.is_some())
    }

    /// Whether response times are needed that only checks can measure: the backends' answers do not pass here.
    #[must_use]
    pub fn is_timed_by_checks(&self) -> bool {
        self.algorithm == Algorithm::LeastResponseTime && self.forwarding == Forwarding::Dsr
    }
}

impl Backend {
    /// One of which no more is said.
    #[must_use]
    pub const fn new(name: String, address: SocketAddr, weight: u16) -> Self {
        Self { name, address, weight, backup: false, max_connections: None }
    }
}
