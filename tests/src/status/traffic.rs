//! What was counted, and how fast it grows.

use anyhow::Result;
use serde_json::Value;

use super::{number, number_or_zero};

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Packets from clients.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Connections opened.
    pub connections: u64,
    /// Connections that have ended.
    pub closed: u64,
    /// Packets to clients.
    pub reply_packets: u64,
    /// Their bytes.
    pub reply_bytes: u64,
}

impl Traffic {
    pub(super) fn read(value: &Value) -> Result<Self> {
        Ok(Self {
            packets: number(value, "packets")?,
            bytes: number(value, "bytes")?,
            connections: number(value, "connections")?,
            closed: number_or_zero(value, "closed"),
            reply_packets: number(value, "reply_packets")?,
            reply_bytes: number(value, "reply_bytes")?,
        })
    }
}

/// How fast it grows, per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Packets from clients.
    pub packets: f64,
    /// Their bytes.
    pub bytes: f64,
    /// Connections opened.
    pub connections: f64,
    /// Connections that have ended.
    pub closed: f64,
}

impl Rates {
    pub(super) fn read(value: &Value) -> Option<Self> {
        let rate = |key: &str| value.get(key).and_then(Value::as_f64);
        Some(Self {
            packets: rate("packets_per_second")?,
            bytes: rate("bytes_per_second")?,
            connections: rate("connections_per_second")?,
            closed: rate("closed_per_second")?,
        })
    }
}
