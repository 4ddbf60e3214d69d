//! Values that are one word of a few, as they are written.

use std::fmt;

use serde::Serialize;

/// Which XDP hook is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attach {
    /// The driver's where it has one, otherwise the generic one.
    Auto,
    /// The driver's, or fail.
    Native,
    /// The kernel's generic one, which any interface has.
    Generic,
}

/// A transport protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// How a packet is sent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Forwarding {
    /// Destination address and port are rewritten; replies come back through the host.
    Nat,
    /// Only the MAC address is rewritten; replies go straight to the client.
    Dsr,
}

/// How a backend is chosen for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// Weighted Maglev hashing.
    Maglev,
    /// One after the other, by weight.
    RoundRobin,
    /// The one of two with fewer connections for its weight.
    LeastConnections,
    /// The one of two that answers sooner, for its connections and its weight.
    LeastResponseTime,
}

/// Which flows of a service are noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Track {
    /// Those that must be for what else the service asks for.
    Auto,
    /// All, so that live connections are counted.
    Always,
}

/// What clients are told when there is no usable backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoBackend {
    /// Nothing.
    Drop,
    /// That there is none: a reset, or an ICMP error.
    Reject,
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
            Self::RoundRobin => "round-robin",
            Self::LeastConnections => "least-connections",
            Self::LeastResponseTime => "least-response-time",
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
