//! Reading back what an earlier daemon stored, so that every service, backend and counter keeps its place.

use xdp_lb_common::{
    backend::{Backend, flag},
    service::Service,
    slot::Slot,
};

use super::Dataplane;

/// What the maps hold.
#[derive(Clone, Debug, Default)]
pub struct Adopted {
    /// Services in use and their slots, by index.
    pub services: Vec<(u32, Service, Vec<Slot>)>,
    /// Backends in use, by index.
    pub backends: Vec<(u32, Backend)>,
}

impl Dataplane {
    /// What the maps hold; empty for new ones.
    #[must_use]
    pub fn adopt(&self) -> Adopted {
        if self.staged {
            return Adopted::default();
        }
        let services = (0..self.services.len()).filter_map(|index| {
            let service = self.services.load(index);
            let end = service.base().checked_add(service.size()).filter(|end| *end <= self.slots.len())?;
            let slots = (service.base()..end).map(|slot| self.slots.load(slot)).collect();
            (service.size() != 0).then_some((index, service, slots))
        });
        let backends = (1..self.backends.len()).map(|index| (index, self.backends.load(index)));
        Adopted {
            services: services.collect(),
            backends: backends.filter(|(_, backend)| backend.flags & flag::USED != 0).collect(),
        }
    }
}
