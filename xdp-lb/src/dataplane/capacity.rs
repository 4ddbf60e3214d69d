//! How large the maps are made.

use std::fmt;

use xdp_lb_common::{
    slot::MAX_BACKENDS,
    track::{self, TableSizes},
};

use crate::config::Capacity;

/// Most buckets in one generation of an endpoint table.
const MAX_BUCKETS: u32 = 1 << 24;

/// Flows that are noted at most, unless the operator says otherwise: 6 MB.
const FLOWS: u32 = 131_072;
/// Connections being opened that are noted, unless the operator says otherwise.
const EMBRYOS: u32 = 65_536;
/// Clients that are remembered, unless the operator says otherwise.
const CLIENTS: u32 = 65_536;

/// Entries of each map. The program has no such limits compiled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Services.
    pub services: u32,
    /// Backends, index 0 (never used) included.
    pub backends: u32,
    /// Slots of all services together.
    pub slots: u32,
    /// Buckets in one generation of an endpoint table, per address family.
    pub buckets: u32,
    /// Flows that are noted.
    pub flows: u32,
    /// Connections being opened.
    pub embryos: u32,
    /// Clients that are remembered.
    pub clients: u32,
    /// Interfaces.
    pub devices: u32,
}

/// What a configuration needs at least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Services.
    pub services: u32,
    /// Backends of all services together.
    pub backends: u32,
    /// Slots of all services together.
    pub slots: u32,
    /// Interfaces.
    pub interfaces: u32,
}

impl Sizes {
    /// Sizes for a configuration that needs `needs`: what it asks for, or twice what it needs so that reloads can grow.
    ///
    /// Twice as many buckets as endpoints leave half an entry per bucket of five on average. A bucket then overflows
    /// with probability 1.4e-5 (Poisson), so that a few multipliers suffice to find one without overflow.
    #[must_use]
    pub fn of(needs: Needs, asked: Capacity) -> Self {
        let grow = |needed: u32, floor: u32| needed.saturating_mul(2).max(floor);
        let services = asked.services.unwrap_or_else(|| grow(needs.services, 64)).max(needs.services).max(1);
        let backends =
            asked.backends.unwrap_or_else(|| grow(needs.backends, 1024)).max(needs.backends).max(1);
        // A table that changes its size needs room beside the old one.
        let slots = asked.slots.unwrap_or_else(|| grow(needs.slots, 1 << 18)).max(needs.slots).max(1);
        let buckets = services.saturating_add(backends).saturating_mul(2).min(MAX_BUCKETS);
        let backends = backends.saturating_add(1).min(MAX_BACKENDS);
        Self {
            services,
            backends,
            slots,
            buckets,
            flows: asked.flows.unwrap_or(FLOWS),
            embryos: asked.embryos.unwrap_or(EMBRYOS),
            clients: asked.clients.unwrap_or(CLIENTS),
            devices: grow(needs.interfaces, 64),
        }
    }

    /// The least that will do for it: maps that are there are used if they have that.
    #[must_use]
    pub fn least(needs: Needs, asked: Capacity) -> Self {
        let services = asked.services.unwrap_or(0).max(needs.services);
        let backends = asked.backends.unwrap_or(0).max(needs.backends);
        Self {
            services,
            backends: backends.saturating_add(1).min(MAX_BACKENDS),
            slots: asked.slots.unwrap_or(0).max(needs.slots),
            buckets: services.saturating_add(backends).saturating_mul(2).min(MAX_BUCKETS),
            flows: asked.flows.unwrap_or(0),
            embryos: asked.embryos.unwrap_or(0),
            clients: asked.clients.unwrap_or(0),
            devices: needs.interfaces,
        }
    }

    /// Buckets of the tables of flows.
    #[must_use]
    pub const fn tables(&self) -> TableSizes {
        TableSizes {
            flows: track::buckets_for(self.flows),
            embryos: track::buckets_for(self.embryos),
            clients: track::buckets_for(self.clients),
        }
    }

    /// Whether maps of these sizes serve where `other` is wanted.
    #[must_use]
    pub const fn covers(&self, other: &Self) -> bool {
        self.services >= other.services
            && self.backends >= other.backends
            && self.slots >= other.slots
            && self.buckets >= other.buckets
            && self.flows >= other.flows
            && self.embryos >= other.embryos
            && self.clients >= other.clients
            && self.devices >= other.devices
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} services, {} backends, {} slots, {} flows, {} embryos, {} clients, {} interfaces",
            self.services,
            self.backends - 1,
            self.slots,
            self.flows,
            self.embryos,
            self.clients,
            self.devices
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_made_for_less_will_do_while_they_hold_what_is_needed() {
        let needs =
            |services| Needs { services, backends: 2 * services, slots: 1021 * services, interfaces: 2 };
        let made = Sizes::of(needs(33), Capacity::default());
        assert!(made.covers(&Sizes::least(needs(34), Capacity::default())));
        assert!(made.covers(&Sizes::least(needs(66), Capacity::default())));
        assert!(!made.covers(&Sizes::least(needs(67), Capacity::default())));
        let asked = Capacity { services: Some(100), ..Capacity::default() };
        assert!(!made.covers(&Sizes::least(needs(34), asked)));
    }

    #[test]
    fn sizes_follow_the_need_unless_asked() {
        let needs = Needs { services: 4096, backends: 65_536, slots: 4_000_000, interfaces: 40 };
        let derived = Sizes::of(needs, Capacity::default());
        assert_eq!((derived.services, derived.backends, derived.slots), (8192, 131_073, 8_000_000));
        assert_eq!(derived.devices, 80);
        assert_eq!((derived.flows, derived.embryos, derived.clients), (131_072, 65_536, 65_536));
        let asked = Capacity {
            services: Some(4096),
            backends: Some(65_536),
            slots: Some(1),
            clients: Some(7),
            ..Capacity::default()
        };
        let sizes = Sizes::of(needs, asked);
        assert_eq!((sizes.services, sizes.backends, sizes.slots), (4096, 65_537, 4_000_000));
        assert_eq!((sizes.embryos, sizes.clients), (65_536, 7));
        assert!(derived.covers(&sizes) && !sizes.covers(&derived));
    }
}
