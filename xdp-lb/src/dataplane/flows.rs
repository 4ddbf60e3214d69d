//! The flow table, swept from time to time.

use aya::maps::{HashMap, Map, MapData};
use xdp_lb_common::{
    flow::{Flow, FlowKey},
    map,
};

use super::{Dataplane, DataplaneError, again};

/// Access to the flow table, apart from the daemon's other access: a sweep takes its time.
pub struct FlowTable {
    map: HashMap<MapData, [u32; 6], [u32; 4]>,
    capacity: u32,
}

/// What becomes of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// It stays.
    Yes,
    /// It is removed.
    No,
}

impl Dataplane {
    /// Opens the flow table.
    pub fn flows(&self) -> Result<FlowTable, DataplaneError> {
        let Some(Map::LruHashMap(data)) = self.ebpf.map(map::FLOWS) else {
            return Err(DataplaneError::Object { what: map::FLOWS });
        };
        let info = data.info().map_err(DataplaneError::map(map::FLOWS))?;
        let data = again(data, map::FLOWS)?;
        let map = Map::LruHashMap(data).try_into().map_err(DataplaneError::map(map::FLOWS))?;
        Ok(FlowTable { map, capacity: info.max_entries() })
    }
}

impl FlowTable {
    /// Looks at every entry and removes those that `judge` does not keep; returns how many were looked at, or `None` if
    /// some may have been missed.
    ///
    /// Entries come and go meanwhile. The kernel starts an iteration over when the entry that it stands at is removed,
    /// so removals wait for the end, and the number of steps is bounded.
    pub fn sweep(
        &mut self,
        mut judge: impl FnMut(&FlowKey, &Flow) -> Keep,
    ) -> Result<Option<usize>, DataplaneError> {
        let error = DataplaneError::map(map::FLOWS);
        let mut seen = 0;
        let mut removed = Vec::new();
        let mut steps = 2 * self.capacity;
        for key in self.map.keys() {
            let key = key.map_err(&error)?;
            steps = steps.saturating_sub(1);
            if steps == 0 {
                break;
            }
            let Ok(flow) = self.map.get(&key, 0) else { continue };
            seen += 1;
            if judge(&bytemuck::cast(key), &bytemuck::cast(flow)) == Keep::No {
                removed.push(key);
            }
        }
        for key in removed {
            // Gone already: evicted.
            let _gone = self.map.remove(&key);
        }
        Ok((steps > 0).then_some(seen))
    }
}

impl std::fmt::Debug for FlowTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FlowTable").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}
