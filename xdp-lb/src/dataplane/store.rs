//! Storing what the desired state asks for. Stores go straight to the maps' memory.

use aya::maps::{PerCpuArray, PerCpuValues};
use xdp_lb_common::{
    backend::Backend,
    control::{Control, flag},
    counters::{BackendCounters, ServiceCounters},
    flow::Seed,
    load::{self, Load, Terms},
    map,
    service::Service,
    slot::Slot,
};

use super::{Dataplane, DataplaneError};

impl Dataplane {
    /// Stores a backend's record. New backends go first, before any slot names them.
    pub fn store_backend(&mut self, index: u32, backend: &Backend) {
        self.backends.store(index, backend);
    }

    /// Stores on which terms a backend takes new connections, and its weight for a daemon that takes over.
    pub fn store_terms(&mut self, index: u32, terms: Terms, weight: u16) {
        if let Ok(words) = self.loads.words(index).try_into() {
            let load = Load::new(words);
            load.terms().store(terms.word());
            load.weight().store(u64::from(weight));
        }
    }

    /// Stores a backend's average response time, in microseconds, where the program cannot see it.
    pub fn store_response(&mut self, index: u32, micros: u64) {
        if let Ok(words) = self.loads.words(index).try_into() {
            Load::new(words).response().store(micros);
        }
    }

    /// Stores slots from `base` on; returns how many changed.
    pub fn store_slots(&mut self, base: u32, slots: &[Slot]) -> usize {
        (base..).zip(slots).filter(|(index, slot)| self.slots.store(*index, slot)).count()
    }

    /// Tells the program the time, in seconds.
    pub fn set_clock(&mut self, now: u32) {
        let control = Control { now, ..self.control.load(0) };
        self.control.store(0, &control);
    }

    /// The key of the flow hash.
    #[must_use]
    pub fn seed_in_use(&self) -> Seed {
        self.control.load(0).seed
    }

    /// Whether packets leave by redirect even where they came in.
    ///
    /// `XDP_TX` is the shorter way, but a veth whose peer has no program of its own leaves such packets lying until
    /// something else wakes the peer (`veth_xdp_flush` looks for the peer's program, the redirect's flush does not).
    pub fn redirect_only(&mut self, redirect: bool) {
        let mut control = self.control.load(0);
        control.flags = if redirect { flag::REDIRECT_ONLY } else { 0 };
        self.control.store(0, &control);
    }

    /// Stores a service's record: its slots must be in place.
    pub fn store_service(&mut self, index: u32, service: Service) {
        self.services.store(index, &service);
    }

    /// Clears the records of a backend that no slot and no endpoint names any more, after adding what it counted to
    /// `service`'s total, which thus never falls.
    pub fn retire_backend(&mut self, index: u32, service: u32) -> Result<(), DataplaneError> {
        let mut total = self.carried.load(service);
        total.add(&self.reader.backend(index)?);
        self.carried.store(service, &total);
        self.backends.store(index, &Backend::default());
        self.loads.store(index, &[0; load::WORDS]);
        self.reset::<BackendCounters, 8>(map::BACKEND_COUNTERS, index)
    }

    /// Clears the records of a service that no endpoint names any more.
    pub fn retire_service(&mut self, index: u32) -> Result<(), DataplaneError> {
        self.services.store(index, &Service::default());
        self.carried.store(index, &BackendCounters::default());
        self.reset::<ServiceCounters, 4>(map::SERVICE_COUNTERS, index)
    }

    /// Zeroes a per-CPU counter of `T`, a value of `WORDS` words.
    fn reset<T, const WORDS: usize>(&mut self, name: &'static str, index: u32) -> Result<(), DataplaneError> {
        const { assert!(size_of::<T>() == WORDS * 8) };
        let error = DataplaneError::map(name);
        let counters = self.ebpf.map_mut(name).ok_or(DataplaneError::Object { what: name })?;
        let mut counters = PerCpuArray::<_, [u64; WORDS]>::try_from(counters).map_err(&error)?;
        let zeros = PerCpuValues::try_from(vec![[0; WORDS]; self.cpus])
            .map_err(|source| DataplaneError::pin("count", "/sys/devices/system/cpu/possible")(source))?;
        counters.set(index, zeros, 0).map_err(error)
    }
}
