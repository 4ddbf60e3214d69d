//! The desired state: services and backends with their places, their health and the way to them.

use std::{collections::HashMap, net::SocketAddr};

use xdp_lb_common::backend::Mode;

use super::allocation::Region;
use crate::{
    config::{self, Forwarding},
    health::{Machine, State as HealthState, Target},
    net::{NextHop, Resolved},
};

/// A service.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) config: config::Service,
    pub(super) index: u32,
    pub(super) region: Region,
    pub(super) backends: Vec<Backend>,
    /// Owner of each slot, as a position in `backends` or [`crate::slots::NOBODY`].
    pub(super) table: Vec<u32>,
    /// How many slots each of `backends` owns.
    pub(super) owned: Vec<u32>,
}

/// A backend.
#[derive(Clone, Debug)]
pub(super) struct Backend {
    pub(super) config: config::Backend,
    pub(super) index: u32,
    pub(super) health: Machine,
    pub(super) way: Way,
}

/// Nothing has been heard of a way yet.
const UNKNOWN: &str = "waiting for the kernel to resolve it";

/// The way to a backend.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// The kernel's last word, or why it is of no use here.
    pub(super) now: Result<Resolved, String>,
    /// The last that could be used: what is stored while nothing better is known.
    pub(super) last: Option<Resolved>,
    /// Whether the log's last word is that there is none.
    pub(super) missed: bool,
}

impl Way {
    /// Nothing is known yet.
    pub(super) fn unknown(last: Option<Resolved>) -> Self {
        Self { now: Err(UNKNOWN.to_owned()), last, missed: false }
    }

    /// Takes in what the kernel says. `interfaces`: those with our program, by index; others cannot be sent to.
    pub(super) fn update(
        &mut self,
        hop: Option<&NextHop>,
        forwarding: Forwarding,
        interfaces: &HashMap<u32, String>,
    ) {
        self.now = match hop {
            None => return,
            Some(NextHop::Unresolved(reason)) => Err(reason.to_string()),
            Some(NextHop::Resolved(resolved)) if !interfaces.contains_key(&resolved.ifindex) => Err(format!(
                "it is reached by {}, which is not one of [datapath] interfaces or not attached",
                resolved.interface
            )),
            Some(NextHop::Resolved(Resolved { gateway: Some(gateway), .. }))
                if forwarding == Forwarding::Dsr =>
            {
                Err(format!("it is behind the gateway {gateway}; dsr needs it on the same link"))
            }
            Some(NextHop::Resolved(resolved)) => Ok(resolved.clone()),
        };
        if let Ok(resolved) = &self.now {
            self.last = Some(resolved.clone());
        }
    }
}

impl Service {
    /// How packets reach its backends.
    pub(super) const fn mode(&self) -> Mode {
        match self.config.forwarding {
            Forwarding::Nat => Mode::Nat,
            Forwarding::Dsr => Mode::Dsr,
        }
    }
}

impl Backend {
    /// Whether it may own slots.
    pub(super) fn usable(&self) -> bool {
        self.config.weight > 0 && self.health.state() != HealthState::Down && self.way.now.is_ok()
    }

    /// What is checked, and how.
    pub(super) fn target(&self, health: &config::Health) -> Target {
        let port = health.port.unwrap_or(self.config.address.port());
        let address = SocketAddr::new(self.config.address.ip(), port);
        Target { address, interval: health.interval, timeout: health.timeout }
    }
}
