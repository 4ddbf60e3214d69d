//! Reading back what an earlier daemon stored, so that every service, backend and counter keeps its place.

use xdp_lb_common::{
    backend::{Backend, flag},
    service::Service,
};

use super::Dataplane;

/// What the maps hold.
#[derive(Clone, Debug, Default)]
pub struct Adopted {
    /// Services in use, by index.
    pub services: Vec<(u32, Service)>,
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
        let services = (0..self.services.len()).map(|index| (index, self.services.load(index)));
        let backends = (1..self.backends.len()).map(|index| (index, self.backends.load(index)));
        Adopted {
            services: services.filter(|(_, service)| service.size() != 0).collect(),
            backends: backends.filter(|(_, backend)| backend.flags & flag::USED != 0).collect(),
        }
    }
}
