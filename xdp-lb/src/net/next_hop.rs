//! Where packets for an address have to go, or why that is not known.

use std::{fmt, net::IpAddr};

/// What is known about the way to an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextHop {
    /// Packets can be sent.
    Resolved(Resolved),
    /// Packets cannot be sent, for this reason.
    Unresolved(Unresolved),
}

impl NextHop {
    /// The way, if it is known.
    #[must_use]
    pub fn resolved(&self) -> Option<&Resolved> {
        match self {
            Self::Resolved(resolved) => Some(resolved),
            Self::Unresolved(_) => None,
        }
    }
}

impl fmt::Display for NextHop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolved(resolved) => resolved.fmt(f),
            Self::Unresolved(reason) => reason.fmt(f),
        }
    }
}

/// How to address a frame so that it reaches the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Index of the interface the frame leaves by.
    pub ifindex: u32,
    /// Name of that interface.
    pub interface: String,
    /// MAC address of that interface.
    pub source_mac: [u8; 6],
    /// MAC address of the target, or of the gateway to it.
    pub destination_mac: [u8; 6],
    /// The gateway; none if the target is on link.
    pub gateway: Option<IpAddr>,
}

impl fmt::Display for Resolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.destination_mac.iter().enumerate() {
            write!(f, "{}{byte:02x}", if at == 0 { "" } else { ":" })?;
        }
        write!(f, " on {}", self.interface)?;
        match self.gateway {
            Some(gateway) => write!(f, " via {gateway}"),
            None => Ok(()),
        }
    }
}

/// Why packets for an address cannot be sent; its display is a sentence for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unresolved {
    /// The kernel has been asked and has not answered yet.
    Pending,
    /// No route leads there.
    NoRoute,
    /// A route says that packets for it are not to be sent.
    Rejected(Rejection),
    /// The interface it is reached by cannot send.
    InterfaceDown {
        /// Name of the interface.
        interface: String,
        /// What keeps it from sending.
        cause: DownCause,
    },
    /// Nobody answers for the next hop's address.
    NoNeighbour {
        /// Name of the interface.
        interface: String,
        /// The address nobody answers for: the target's or its gateway's.
        next_hop: IpAddr,
    },
    /// The kernel has no room for another neighbour, so it does not ask for the next hop's address.
    NeighbourTableFull {
        /// The address not asked for: the target's or its gateway's.
        next_hop: IpAddr,
    },
    /// The interface carries no Ethernet frames (loopback, tunnels).
    NotEthernet {
        /// Name of the interface.
        interface: String,
    },
    /// The route wraps packets in another header (MPLS, segment routing), which the datapath does not do.
    Encapsulated {
        /// Name of the interface.
        interface: String,
    },
    /// The address is this host's own.
    Local,
    /// The address is a broadcast, multicast or anycast address.
    NotUnicast,
    /// The kernel refused the lookup with this error.
    Lookup(String),
}

/// What a route that refuses packets does with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// Drops them silently.
    Blackhole,
    /// Answers "unreachable".
    Unreachable,
    /// Answers "administratively prohibited".
    Prohibit,
}

/// What keeps an interface from sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DownCause {
    /// It is administratively down.
    Admin,
    /// It has no carrier.
    NoCarrier,
    /// It is gone.
    Gone,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending => f.write_str("waiting for the kernel to resolve it"),
            Self::NoRoute => f.write_str("no route to it"),
            Self::Rejected(Rejection::Blackhole) => f.write_str("its route is a blackhole"),
            Self::Rejected(Rejection::Unreachable) => f.write_str("its route is marked unreachable"),
            Self::Rejected(Rejection::Prohibit) => f.write_str("its route is marked prohibited"),
            Self::InterfaceDown { interface, cause: DownCause::Admin } => write!(f, "{interface} is down"),
            Self::InterfaceDown { interface, cause: DownCause::NoCarrier } => {
                write!(f, "{interface} has no carrier")
            }
            Self::InterfaceDown { interface, cause: DownCause::Gone } => write!(f, "{interface} is gone"),
            Self::NoNeighbour { interface, next_hop } => {
                let protocol = if next_hop.is_ipv4() { "ARP" } else { "neighbour discovery" };
                write!(f, "no neighbour entry for {next_hop} on {interface} ({protocol} unanswered)")
            }
            Self::NeighbourTableFull { next_hop } => {
                let family = if next_hop.is_ipv4() { "ipv4" } else { "ipv6" };
                write!(
                    f,
                    "the kernel's neighbour table has no room for {next_hop} \
                     (raise net.{family}.neigh.default.gc_thresh3)"
                )
            }
            Self::NotEthernet { interface } => write!(f, "{interface} is not an Ethernet interface"),
            Self::Encapsulated { interface } => {
                write!(f, "its route on {interface} adds an encapsulation, which is not supported")
            }
            Self::Local => f.write_str("the address is this host's own"),
            Self::NotUnicast => f.write_str("the address is not a unicast address"),
            Self::Lookup(error) => write!(f, "the kernel refused the route lookup: {error}"),
        }
    }
}
