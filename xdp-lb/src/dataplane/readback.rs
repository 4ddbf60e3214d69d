//! Reading back what an earlier daemon stored, so that every service, backend and counter keeps its place.

use std::path::Path;

use aya::maps::MapData;
use xdp_lb_common::{
    backend::{Backend, flag},
    map,
    service::Service,
    slot::Slot,
};

use super::{Dataplane, DataplaneError, Sizes, mapped::Mapped};

/// What the maps hold.
#[derive(Clone, Debug, Default)]
pub struct Adopted {
    /// Services in use and their slots, by index.
    pub services: Vec<(u32, Service, Vec<Slot>)>,
    /// Backends in use, by index.
    pub backends: Vec<(u32, Backend)>,
}

impl Adopted {
    /// What maps hold that are pinned in `folder`, of these sizes and of this version's layout.
    pub(super) fn from_pins(folder: &Path, sizes: &Sizes) -> Result<Self, DataplaneError> {
        let pinned = |name: &str| {
            let path = folder.join(name);
            MapData::from_pin(&path).map_err(DataplaneError::pin("open", path))
        };
        Ok(Self::read(
            &Mapped::new(&pinned(map::SERVICES)?, sizes.services)?,
            &Mapped::new(&pinned(map::SLOTS)?, sizes.slots)?,
            &Mapped::new(&pinned(map::BACKENDS)?, sizes.backends)?,
        ))
    }

    fn read(services: &Mapped<Service>, slots: &Mapped<Slot>, backends: &Mapped<Backend>) -> Self {
        let in_use = (0..services.len()).filter_map(|index| {
            let service = services.load(index);
            let end = service.base().checked_add(service.size()).filter(|end| *end <= slots.len())?;
            let slots = (service.base()..end).map(|slot| slots.load(slot)).collect();
            (service.size() != 0).then_some((index, service, slots))
        });
        let backends = (1..backends.len()).map(|index| (index, backends.load(index)));
        Self {
            services: in_use.collect(),
            backends: backends.filter(|(_, backend)| backend.flags & flag::USED != 0).collect(),
        }
    }
}

impl Dataplane {
    /// What the maps hold, or held whose place new ones take; empty where there were none.
    #[must_use]
    pub fn adopt(&self) -> Adopted {
        if self.staged {
            return self.earlier.clone();
        }
        Adopted::read(&self.services, &self.slots, &self.backends)
    }
}
