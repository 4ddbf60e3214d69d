//! From maps that are too small to those that take their place: what was noted and what was counted.

use std::{collections::HashMap, path::Path};

use aya::maps::{Array, Map, MapData, PerCpuArray};
use xdp_lb_common::{
    DropReason,
    backend::flag,
    load::WORDS,
    map,
    track::{CELLS, Table},
};

use super::{Adopted, Dataplane, DataplaneError, Sizes, mapped::Mapped};

/// Pins maps that have no places, and are large enough, beside the new ones, where loading finds and uses them. Both
/// programs then know the same flows while one takes over from the other. `sizes` follow what is used.
pub(super) fn share(
    old: &Path,
    new: &Path,
    earlier: &Sizes,
    sizes: &mut Sizes,
) -> Result<(), DataplaneError> {
    let pin = |name: &'static str| {
        let path = new.join(name);
        open(old, name)?.pin(&path).map_err(DataplaneError::pin("pin", path))
    };
    for (name, had, wanted) in [
        (map::FLOWS, earlier.flows, &mut sizes.flows),
        (map::EMBRYOS, earlier.embryos, &mut sizes.embryos),
        (map::CLIENTS, earlier.clients, &mut sizes.clients),
    ] {
        if had >= *wanted {
            pin(name)?;
            *wanted = had;
        }
    }
    let drops = open(old, map::DROPS)?.info().map_err(DataplaneError::map(map::DROPS))?;
    if drops.max_entries() >= DropReason::LEN { pin(map::DROPS) } else { Ok(()) }
}

impl Dataplane {
    /// Notes in larger tables what the smaller ones in `old` hold. What the old program notes from here on until the new
    /// one is attached is lost.
    pub(super) fn carry_flows(
        &self,
        old: &Path,
        earlier: &Sizes,
        adopted: &Adopted,
    ) -> Result<(), DataplaneError> {
        let (had, has) = (earlier.tables(), self.sizes.tables());
        let v6: HashMap<u32, bool> = adopted
            .backends
            .iter()
            .map(|(_, backend, _)| (backend.service, backend.flags & flag::V6 != 0))
            .collect();
        let seed = self.seed_in_use();
        for (table, name, had, has) in [
            (Table::Flows, map::FLOWS, had.flows, has.flows),
            (Table::Embryos, map::EMBRYOS, had.embryos, has.embryos),
            (Table::Clients, map::CLIENTS, had.clients, has.clients),
        ] {
            if had == has {
                continue;
            }
            let cells = Mapped::<[u64; CELLS]>::new(&open(old, name)?, had)?;
            self.flows.copy(table, &cells, |key| Some(key.hash(*v6.get(&key.service)?, &seed)));
        }
        Ok(())
    }

    /// Takes over the counters of what was adopted from the maps in `old`. The old program counts on until the new one is
    /// attached; what it counts meanwhile is lost.
    pub(super) fn carry_counters(&mut self, old: &Path, adopted: &Adopted) -> Result<(), DataplaneError> {
        let backends = adopted.backends.iter().map(|(index, ..)| *index);
        self.copy::<8>(old, map::BACKEND_COUNTERS, backends.clone())?;
        let loads = Array::<_, [u64; WORDS]>::try_from(Map::Array(open(old, map::LOADS)?));
        let loads = loads.map_err(DataplaneError::map(map::LOADS))?;
        for index in backends {
            let load = loads.get(&index, 0).map_err(DataplaneError::map(map::LOADS))?;
            self.loads.store(index, &load);
        }
        let services: Vec<u32> = adopted.services.iter().map(|(index, ..)| *index).collect();
        self.copy::<4>(old, map::SERVICE_COUNTERS, services.iter().copied())?;
        let carried = Map::Array(open(old, map::CARRIED)?);
        let carried = Array::<_, [u64; 8]>::try_from(carried).map_err(DataplaneError::map(map::CARRIED))?;
        for index in services {
            let total = carried.get(&index, 0).map_err(DataplaneError::map(map::CARRIED))?;
            self.carried.store(index, &bytemuck::cast(total));
        }
        Ok(())
    }

    /// Copies values of `WORDS` words from one per-CPU map to another.
    fn copy<const WORDS: usize>(
        &mut self,
        old: &Path,
        name: &'static str,
        indices: impl Iterator<Item = u32>,
    ) -> Result<(), DataplaneError> {
        let error = DataplaneError::map(name);
        let from =
            PerCpuArray::<_, [u64; WORDS]>::try_from(Map::PerCpuArray(open(old, name)?)).map_err(&error)?;
        let to = self.ebpf.map_mut(name).ok_or(DataplaneError::Object { what: name })?;
        let mut to = PerCpuArray::<_, [u64; WORDS]>::try_from(to).map_err(&error)?;
        for index in indices {
            let values = from.get(&index, 0).map_err(&error)?;
            to.set(index, values, 0).map_err(&error)?;
        }
        Ok(())
    }
}

fn open(folder: &Path, name: &str) -> Result<MapData, DataplaneError> {
    let path = folder.join(name);
    MapData::from_pin(&path).map_err(DataplaneError::pin("open", path))
}
