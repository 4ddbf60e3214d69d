//! The desired state: services and backends with their places, their health and the way to them.

use std::{collections::HashMap, net::SocketAddr, time::Instant};

use xdp_lb_common::{backend::Mode, slot::Slot};

use super::{allocation::Region, shares::Stage, tracking::Tracking};
use crate::{
    config::{self, Forwarding},
    health::{Machine, State as HealthState, Target},
    model::Admin,
    net::{NextHop, Resolved, Unresolved},
    slots::Moves,
};

/// A service.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) config: config::Service,
    pub(super) index: u32,
    pub(super) region: Region,
    pub(super) backends: Vec<Backend>,
    /// Its slots, as stored.
    pub(super) table: Vec<Slot>,
    /// Those of them that are moving.
    pub(super) moves: Moves,
    /// How many wait for room in the flow table before they move.
    pub(super) waiting: u32,
    /// How many slots each of `backends` owns.
    pub(super) owned: Vec<u32>,
    /// Which of `backends` take new connections, as decided last.
    pub(super) stage: Stage,
    pub(super) tracking: Tracking,
    /// The order of turns, with round-robin.
    pub(super) sequence: Option<Region>,
}

/// A backend.
#[derive(Clone, Debug)]
pub(super) struct Backend {
    pub(super) config: config::Backend,
    pub(super) index: u32,
    pub(super) health: Machine,
    pub(super) way: Way,
    /// Since when the configuration no longer names it: it keeps its connections until they end.
    pub(super) leaving: Option<Instant>,
    pub(super) operator: Operator,
    pub(super) part: Part,
    /// Average time in which its checks connect, in microseconds, where it is the response time; 0: not known yet.
    pub(super) response: u64,
}

/// What a backend has of its service's new connections, as decided last. Outlives reloads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// Its share, relative to the others'; 0: none.
    pub(super) share: u32,
    /// Since when it takes connections again, until it has its full share.
    pub(super) ramp: Option<Instant>,
}

/// What an operator has said of a backend at run time. Outlives reloads and, in the maps, the daemon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Operator {
    pub(super) admin: Admin,
    /// In the place of the configured weight.
    pub(super) weight: Option<u16>,
    /// Whether it is there because an operator added it.
    pub(super) added: bool,
}

/// The way to a backend.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// The kernel's last word, or why it is of no use here; `None`: nothing has been heard yet.
    pub(super) now: Option<Result<Resolved, String>>,
    /// The last that could be used: what is stored while nothing better is known.
    pub(super) last: Option<Resolved>,
}

impl Way {
    /// Nothing is known yet.
    pub(super) fn unknown(last: Option<Resolved>) -> Self {
        Self { now: None, last }
    }

    /// Takes in what the kernel says. `interfaces`: those with our program, by index; others cannot be sent to.
    pub(super) fn update(
        &mut self,
        hop: Option<&NextHop>,
        forwarding: Forwarding,
        interfaces: &HashMap<u32, String>,
    ) {
        let now = match hop {
            // While the kernel asks the network, for three seconds at most, slots do not move and move back.
            None | Some(NextHop::Unresolved(Unresolved::Pending)) => return,
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
        if let Ok(resolved) = &now {
            self.last = Some(resolved.clone());
        }
        self.now = Some(now);
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
    /// One that nothing else is known of.
    pub(super) fn new(config: config::Backend, index: u32, health: Machine) -> Self {
        Self {
            config,
            index,
            health,
            way: Way::unknown(None),
            leaving: None,
            operator: Operator::default(),
            part: Part::default(),
            response: 0,
        }
    }

    /// Whether it can be reached: it keeps the connections that it has.
    pub(super) fn lives(&self, stage: Stage) -> bool {
        self.may_live(stage) && matches!(self.way.now, Some(Ok(_)))
    }

    /// Whether nothing says that it cannot be reached. In panic its checks say nothing.
    pub(super) fn may_live(&self, stage: Stage) -> bool {
        let down = self.health.state() == HealthState::Down && stage != Stage::Panic;
        !down && self.operator.admin != Admin::Maint && !matches!(self.way.now, Some(Err(_)))
    }

    /// Whether it is to take new connections, if it can.
    pub(super) fn is_candidate(&self) -> bool {
        !self.is_leaving() && self.operator.admin == Admin::Ready && self.weight() > 0
    }

    /// Whether the configuration no longer names it.
    pub(super) const fn is_leaving(&self) -> bool {
        self.leaving.is_some()
    }

    /// Its weight in force.
    pub(super) fn weight(&self) -> u16 {
        self.operator.weight.unwrap_or(self.config.weight)
    }

    /// What is checked, and how.
    pub(super) fn target(&self, health: &config::Health) -> Target {
        let port = health.port.unwrap_or(self.config.address.port());
        let address = SocketAddr::new(self.config.address.ip(), port);
        Target { address, interval: health.interval, timeout: health.timeout }
    }
}
