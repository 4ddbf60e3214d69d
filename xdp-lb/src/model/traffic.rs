//! What is counted, and how fast it grows.

use serde::{Deserialize, Serialize};
use xdp_lb_common::counters::BackendCounters;

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
    /// Connections that have ended, as far as it is seen (TCP): where flows are noted each one, elsewhere the client's
    /// FINs and RSTs.
    pub closed: u64,
    /// Packets to clients; with dsr they do not pass here.
    pub reply_packets: u64,
    /// Bytes to clients.
    pub reply_bytes: u64,
}

impl From<&BackendCounters> for Traffic {
    fn from(counters: &BackendCounters) -> Self {
        Self {
            packets: counters.packets,
            bytes: counters.bytes,
            connections: counters.connections,
            closed: counters.closed,
            reply_packets: counters.reply_packets,
            reply_bytes: counters.reply_bytes,
        }
    }
}

/// How fast [`Traffic`] grows, on average over the last seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// New connections (TCP).
    pub connections_per_second: f64,
    /// Connections that have ended (TCP).
    pub closed_per_second: f64,
    /// Packets from clients.
    pub packets_per_second: f64,
    /// Bytes from clients.
    pub bytes_per_second: f64,
}

impl Rates {
    /// Of several backends together, as far as they are known; `None`: none is.
    #[must_use]
    pub fn sum(backends: impl IntoIterator<Item = Option<Self>>) -> Option<Self> {
        backends.into_iter().flatten().reduce(|sum, more| Self {
            connections_per_second: sum.connections_per_second + more.connections_per_second,
            closed_per_second: sum.closed_per_second + more.closed_per_second,
            packets_per_second: sum.packets_per_second + more.packets_per_second,
            bytes_per_second: sum.bytes_per_second + more.bytes_per_second,
        })
    }
}
