//! The kernel side: loads the program, fills its maps, attaches it. The only module that touches BPF.
//!
//! [`Dataplane::open`] takes over what an earlier daemon pinned or makes it anew beside it; the caller then stores
//! what the desired state asks for; [`Dataplane::commit`] puts the program on the interfaces. From there on the
//! datapath needs no daemon.

mod attach;
mod bpffs;
mod capacity;
mod carry;
mod commit;
mod counters;
mod detach;
mod endpoints;
mod error;
mod flows;
mod foreign;
mod link;
mod lock;
mod log;
mod mapped;
mod misses;
mod mode;
mod namespace;
mod object;
mod pins;
mod readback;
mod store;
mod takeover;

use std::{collections::BTreeMap, os::fd::AsFd as _, path::Path, sync::Arc};

use aya::{Ebpf, maps::MapData};
use tracing::{info, warn};
use xdp_lb_common::{
    ABI,
    backend::Backend,
    control::Control,
    counters::BackendCounters,
    endpoint::{BucketV4, BucketV6},
    flow, load, map,
    service::Service,
    slot::Slot,
    track::TableSizes,
};

pub use self::{
    attach::Attached,
    bpffs::{ensure as ensure_bpffs, on_bpffs},
    capacity::{Needs, Sizes},
    counters::{BackendLoad, Reader, Totals},
    detach::{Removed, remove},
    endpoints::{Endpoints, Prepared},
    error::DataplaneError,
    flows::FlowTables,
    mode::Mode,
    readback::Adopted,
};
use self::{commit::Unfinished, lock::Lock, mapped::Mapped, pins::Pins};

/// The loaded program and its maps.
pub struct Dataplane {
    ebpf: Ebpf,
    pins: Pins,
    /// Whether the maps are new and still pinned beside those of an earlier daemon.
    staged: bool,
    /// What the maps held whose place the new ones take.
    earlier: Adopted,
    sizes: Sizes,
    control: Mapped<Control>,
    endpoints_v4: Mapped<BucketV4>,
    endpoints_v6: Mapped<BucketV6>,
    services: Mapped<Service>,
    slots: Mapped<Slot>,
    backends: Mapped<Backend>,
    carried: Mapped<BackendCounters>,
    loads: Mapped<[u64; load::WORDS]>,
    /// Values that a per-CPU map has for each key: one for each CPU that there may ever be.
    cpus: usize,
    flows: Arc<FlowTables>,
    reader: Arc<Reader>,
    attached: BTreeMap<String, Attached>,
    unfinished: Unfinished,
    _lock: Lock,
}

impl Dataplane {
    /// Loads the program. Maps that an earlier daemon pinned under `pin` are reused if they have this version's layout
    /// and at least the sizes `least`; otherwise new ones of `sizes` are made beside them, and [`Self::commit`] changes over.
    ///
    /// `seed`: of the flow hash; `None` keeps the one in use or draws one.
    pub fn open(pin: &Path, least: &Sizes, sizes: Sizes, seed: Option<u64>) -> Result<Self, DataplaneError> {
        let pins = Pins::new(pin);
        pins.create()?;
        let lock = Lock::take(pin)?;
        let unfinished = Unfinished::new(pins.clone());
        let found = pins.inspect(least)?;
        let mut earlier = Adopted::default();
        let replaced = |reason: &str| {
            warn!(pin = %pin.display(), %reason, "pinned maps cannot be reused; new ones take their place");
        };
        match &found {
            pins::Found::Unusable { reason, .. } => replaced(reason),
            pins::Found::Small { sizes: old, .. } => {
                replaced(&format!("they hold {old}; {sizes} are wanted"));
                earlier = Adopted::from_pins(&pins.maps(), old)?;
            }
            pins::Found::Usable { .. } | pins::Found::Nothing => {}
        }
        let staged = !matches!(found, pins::Found::Usable { .. });
        let (mut sizes, old_seed) = match &found {
            pins::Found::Usable { sizes, seed } => (*sizes, Some(*seed)),
            pins::Found::Small { seed, .. } => (sizes, Some(*seed)),
            pins::Found::Unusable { seed, .. } => (sizes, *seed),
            pins::Found::Nothing => (sizes, None),
        };
        let old = pins.maps();
        let folder = if staged { pins.stage()? } else { old.clone() };
        if let pins::Found::Small { sizes: had, .. } = &found {
            carry::share(&old, &folder, had, &mut sizes)?;
        }
        let ebpf = object::load(&folder, &sizes)?;
        let mut dataplane = Self::from_ebpf(ebpf, pins, sizes, staged, (unfinished, lock))?;
        dataplane.seed(seed.or(old_seed).unwrap_or_else(rand::random))?;
        if let pins::Found::Small { sizes: had, .. } = &found {
            dataplane.carry_counters(&old, &earlier)?;
            dataplane.carry_flows(&old, had, &earlier)?;
        }
        dataplane.earlier = earlier;
        let verified = object::program(&mut dataplane.ebpf)?
            .info()
            .ok()
            .and_then(|info| info.verified_instruction_count());
        info!(reused = !staged, %sizes, verified, "datapath loaded");
        Ok(dataplane)
    }

    fn from_ebpf(
        ebpf: Ebpf,
        pins: Pins,
        sizes: Sizes,
        staged: bool,
        (unfinished, lock): (Unfinished, Lock),
    ) -> Result<Self, DataplaneError> {
        Ok(Self {
            control: Mapped::new(data(&ebpf, map::CONTROL)?, 1)?,
            endpoints_v4: Mapped::new(data(&ebpf, map::ENDPOINTS_V4)?, 2 * sizes.buckets)?,
            endpoints_v6: Mapped::new(data(&ebpf, map::ENDPOINTS_V6)?, 2 * sizes.buckets)?,
            services: Mapped::new(data(&ebpf, map::SERVICES)?, sizes.services)?,
            slots: Mapped::new(data(&ebpf, map::SLOTS)?, sizes.slots)?,
            backends: Mapped::new(data(&ebpf, map::BACKENDS)?, sizes.backends)?,
            carried: Mapped::new(data(&ebpf, map::CARRIED)?, sizes.services)?,
            loads: Mapped::new(data(&ebpf, map::LOADS)?, sizes.backends)?,
            cpus: aya::util::nr_cpus().map_err(|(what, source)| DataplaneError::pin("read", what)(source))?,
            flows: Arc::new(FlowTables::open(&ebpf, &sizes)?),
            reader: Arc::new(Reader::open(&ebpf, sizes.backends)?),
            ebpf,
            pins,
            staged,
            earlier: Adopted::default(),
            sizes,
            attached: BTreeMap::new(),
            unfinished,
            _lock: lock,
        })
    }

    /// How much the maps hold.
    #[must_use]
    pub const fn sizes(&self) -> &Sizes {
        &self.sizes
    }

    /// Writes the ABI, the seed and the namespace where any version finds them, and the expanded seed where the program
    /// does.
    fn seed(&mut self, seed: u64) -> Result<(), DataplaneError> {
        let data = self.ebpf.map_mut(map::META).ok_or(DataplaneError::Object { what: map::META })?;
        let mut meta = aya::maps::Array::<_, u64>::try_from(data).map_err(DataplaneError::map(map::META))?;
        let namespace = namespace::own()?;
        for (place, value) in [(map::meta::ABI, ABI), (map::meta::SEED, seed), (map::meta::NETNS, namespace)]
        {
            meta.set(place, value, 0).map_err(DataplaneError::map(map::META))?;
        }
        let TableSizes { flows, embryos, clients } = self.sizes.tables();
        let seed = flow::expand_seed(seed);
        let control = Control { seed, flows, embryos, clients, ..self.control.load(0) };
        self.control.store(0, &control);
        Ok(())
    }
}

impl std::fmt::Debug for Dataplane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dataplane")
            .field("pins", &self.pins)
            .field("sizes", &self.sizes)
            .finish_non_exhaustive()
    }
}

/// The kernel's handle of a map.
fn data<'a>(ebpf: &'a Ebpf, name: &'static str) -> Result<&'a MapData, DataplaneError> {
    match ebpf.map(name) {
        Some(aya::maps::Map::Array(data)) => Ok(data),
        Some(_) | None => Err(DataplaneError::Object { what: name }),
    }
}

/// The same map by a descriptor of its own. Looking maps up by their ids would take `CAP_SYS_ADMIN`.
fn again(data: &MapData, name: &'static str) -> Result<MapData, DataplaneError> {
    let descriptor = data.fd().as_fd().try_clone_to_owned().map_err(DataplaneError::map(name))?;
    MapData::from_fd(descriptor).map_err(DataplaneError::map(name))
}
