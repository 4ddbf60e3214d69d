//! Reading the per-CPU counters.

use std::{sync::Arc, time::Duration};

use aya::{
    Ebpf,
    maps::{Array, Map, MapData, PerCpuArray, PerCpuValues},
};
use xdp_lb_common::{
    DropReason,
    counters::{BackendCounters, ServiceCounters},
    load::{self, Load},
    map,
};

use super::{Dataplane, DataplaneError, again, mapped::Mapped};

/// Reads counters, apart from the daemon's own access: scrapes do not wait for the owner of the state.
pub struct Reader {
    backends: PerCpuArray<MapData, [u64; 8]>,
    services: PerCpuArray<MapData, [u64; 4]>,
    carried: Array<MapData, [u64; 8]>,
    drops: PerCpuArray<MapData, u64>,
    loads: Mapped<[u64; load::WORDS]>,
}

/// How loaded a backend is at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackendLoad {
    /// Connections that are noted and have not ended.
    pub live: u64,
    /// Connections that have begun and are not established yet.
    pub pending: u64,
    /// Moving average of the time that a handshake takes, to a microsecond; `None`: not known.
    pub response: Option<Duration>,
}

/// All CPUs' counts of one service or backend.
pub type Totals = BackendCounters;

impl Dataplane {
    /// A reader of the counters, independent of this value.
    #[must_use]
    pub fn reader(&self) -> Arc<Reader> {
        Arc::clone(&self.reader)
    }
}

impl Reader {
    /// Opens the counters of a loaded program whose maps have places for `backends`.
    pub(super) fn open(ebpf: &Ebpf, backends: u32) -> Result<Self, DataplaneError> {
        let open = |name: &'static str| -> Result<MapData, DataplaneError> {
            let map = ebpf.map(name).ok_or(DataplaneError::Object { what: name })?;
            let (Map::Array(data) | Map::PerCpuArray(data)) = map else {
                return Err(DataplaneError::Object { what: name });
            };
            again(data, name)
        };
        let per_cpu = |name: &'static str| open(name).map(Map::PerCpuArray);
        Ok(Self {
            backends: per_cpu(map::BACKEND_COUNTERS)?
                .try_into()
                .map_err(DataplaneError::map(map::BACKEND_COUNTERS))?,
            services: per_cpu(map::SERVICE_COUNTERS)?
                .try_into()
                .map_err(DataplaneError::map(map::SERVICE_COUNTERS))?,
            carried: Map::Array(open(map::CARRIED)?).try_into().map_err(DataplaneError::map(map::CARRIED))?,
            drops: per_cpu(map::DROPS)?.try_into().map_err(DataplaneError::map(map::DROPS))?,
            loads: Mapped::new(&open(map::LOADS)?, backends)?,
        })
    }

    /// What a backend has counted.
    pub fn backend(&self, index: u32) -> Result<Totals, DataplaneError> {
        let cpus = self.backends.get(&index, 0).map_err(DataplaneError::map(map::BACKEND_COUNTERS))?;
        let mut total = BackendCounters::default();
        for cpu in cpus.iter() {
            total.add(&bytemuck::cast(*cpu));
        }
        Ok(total)
    }

    /// How loaded a backend is. No system call.
    #[must_use]
    pub fn load(&self, index: u32) -> BackendLoad {
        let Ok(words) = self.loads.words(index).try_into() else { return BackendLoad::default() };
        let load = Load::new(words);
        let response = load.response().load();
        BackendLoad {
            live: count(load.live().load()),
            pending: count(load.pending().load()),
            response: (response > 0).then(|| Duration::from_micros(response)),
        }
    }

    /// What backends of a service had counted that are gone.
    pub fn carried(&self, service: u32) -> Result<Totals, DataplaneError> {
        self.carried.get(&service, 0).map(bytemuck::cast).map_err(DataplaneError::map(map::CARRIED))
    }

    /// What a service dropped for want of a backend.
    pub fn service(&self, index: u32) -> Result<ServiceCounters, DataplaneError> {
        let cpus = self.services.get(&index, 0).map_err(DataplaneError::map(map::SERVICE_COUNTERS))?;
        Ok(bytemuck::cast(sum(&cpus)))
    }

    /// Dropped packets by reason.
    pub fn drops(&self) -> Result<Vec<(DropReason, u64)>, DataplaneError> {
        let counted = self.drops.len();
        let count = |&reason: &DropReason| {
            // The maps of a running program may be older than this enum.
            if reason as u32 >= counted {
                return Ok((reason, 0));
            }
            let cpus = self.drops.get(&(reason as u32), 0).map_err(DataplaneError::map(map::DROPS))?;
            Ok((reason, cpus.iter().fold(0, |sum: u64, &cpu| sum.wrapping_add(cpu))))
        };
        DropReason::ALL.iter().map(count).collect()
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

/// A count that CPUs raise and lower at once: an end may be noted before its beginning.
const fn count(word: u64) -> u64 {
    if word.cast_signed() < 0 { 0 } else { word }
}

fn sum<const WORDS: usize>(cpus: &PerCpuValues<[u64; WORDS]>) -> [u64; WORDS] {
    let mut total = [0u64; WORDS];
    for cpu in cpus.iter() {
        for (total, word) in total.iter_mut().zip(cpu) {
            *total = total.wrapping_add(*word);
        }
    }
    total
}
