//! From maps that are too small to those that take their place: what was noted and what was counted.

use std::path::Path;

use aya::maps::{Array, Map, MapData, PerCpuArray};
use xdp_lb_common::{DropReason, map};

use super::{Adopted, Dataplane, DataplaneError, Sizes};

/// Pins maps that have no places, and are large enough, beside the new ones, where loading finds and uses them. Both
/// programs then know the same flows while one takes over from the other.
pub(super) fn share(old: &Path, new: &Path, sizes: &Sizes) -> Result<(), DataplaneError> {
    for (name, wanted) in [(map::FLOWS, sizes.flows), (map::DROPS, DropReason::LEN)] {
        let data = open(old, name)?;
        if data.info().map_err(DataplaneError::map(name))?.max_entries() >= wanted {
            let path = new.join(name);
            data.pin(&path).map_err(DataplaneError::pin("pin", path))?;
        }
    }
    Ok(())
}

impl Dataplane {
    /// Takes over the counters of what was adopted from the maps in `old`. The old program counts on until the new one is
    /// attached; what it counts meanwhile is lost.
    pub(super) fn carry_counters(&mut self, old: &Path, adopted: &Adopted) -> Result<(), DataplaneError> {
        let backends = adopted.backends.iter().map(|(index, ..)| *index);
        self.copy::<8>(old, map::BACKEND_COUNTERS, backends)?;
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
