//! Reading back what an earlier daemon stored, so that every service, backend and counter keeps its place.

use std::path::Path;

use aya::maps::MapData;
use xdp_lb_common::{
    backend::{Backend, flag},
    load::{self, Load},
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
    /// Backends in use, by index, with their weights in force.
    pub backends: Vec<(u32, Backend, u16)>,
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
            &Mapped::new(&pinned(map::LOADS)?, sizes.backends)?,
        ))
    }

    fn read(
        services: &Mapped<Service>,
        slots: &Mapped<Slot>,
        backends: &Mapped<Backend>,
        loads: &Mapped<[u64; load::WORDS]>,
    ) -> Self {
        let in_use = (0..services.len()).filter_map(|index| {
            let service = services.load(index);
            let end = service.base().checked_add(service.size()).filter(|end| *end <= slots.len())?;
            let slots = (service.base()..end).map(|slot| slots.load(slot)).collect();
            (service.size() != 0).then_some((index, service, slots))
        });
        let weight =
            |index| loads.words(index).try_into().map_or(0, |words| Load::new(words).weight().load());
        let backends = (1..backends.len()).map(|index| (index, backends.load(index), weight(index) as u16));
        Self {
            services: in_use.collect(),
            backends: backends.filter(|(_, backend, _)| backend.flags & flag::USED != 0).collect(),
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
        Adopted::read(&self.services, &self.slots, &self.backends, &self.loads)
    }
}
