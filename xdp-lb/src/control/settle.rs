//! What time brings: moves end by windows and sweeps, slow starts go on, and backends leave that nothing is left on.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use nix::time::{ClockId, clock_gettime};
use tokio::task::JoinHandle;
use tracing::{debug, error, info};
use xdp_lb_common::track::Table;

use super::{
    configure::Gone,
    contents,
    owner::Owner,
    shares::Shares,
    state::{Backend, Service},
    sweep::{Sweep, Swept},
};
use crate::dataplane::DataplaneError;

/// A sweep at work, and how many entries it leaves.
pub(super) type Sweeping = JoinHandle<(Sweep, usize)>;

/// Between two sweeps lies this many times what the last one took, at most [`LONGEST_PAUSE`].
const PAUSE: u32 = 20;
/// See [`PAUSE`].
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Seconds since boot: it goes on over a daemon's restart and through a suspension. Wraps after 136 years.
pub(super) fn clock() -> u32 {
    clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(0, |time| time.tv_sec().cast_unsigned() as u32)
}

impl Owner {
    /// Tells the program the time, ends windows, and has the flow table swept if that may help.
    /// Whether that changed what is published.
    pub(super) fn look_after_moves(&mut self) -> bool {
        self.dataplane.set_clock(clock());
        let now = Instant::now();
        let changed = self.look_for_room(now);
        let mut wanted = false;
        for service in &mut self.services {
            let tracking = service.tracking.at(now, service.config.drain_timeout);
            if tracking != service.tracking {
                info!(service = service.config.name, "the algorithm chooses from now on");
                service.tracking = tracking;
                self.dataplane.store_service(service.index, contents::service(service));
            }
            let Service { moves, table, region, config, .. } = service;
            // A sweep judges by the slots as they were when it began.
            if self.sweeping.is_none() {
                for position in moves.end_windows(table, now, config.drain_timeout) {
                    self.dataplane.store_slots(region.base + position, &[table[position as usize]]);
                }
            }
            wanted |= moves.want_sweep(table, now, config.drain_timeout);
        }
        let leaving = self.services.iter().any(|service| service.backends.iter().any(Backend::is_leaving));
        let noted = self.noted > 0 || self.services.iter().any(|service| service.tracking.notes_all());
        if (wanted || leaving || noted) && self.sweeping.is_none() && now >= self.next_sweep {
            self.start_sweep();
        }
        changed
    }

    /// Gives backends in slow start what has become theirs; whether there was anything to give.
    pub(super) fn look_after_ramps(&mut self) -> bool {
        let now = Instant::now();
        let due = |service: &Service| {
            let ramps = service.backends.iter().any(|backend| backend.part.ramp.is_some());
            ramps && !Shares::of(service, now).are_in_force(service)
        };
        let due: Vec<_> = (0..self.services.len()).filter(|at| due(&self.services[*at])).collect();
        let any = !due.is_empty();
        self.refresh(due);
        any
    }

    fn start_sweep(&mut self) {
        let flows = self.dataplane.flows();
        let seed = self.dataplane.seed_in_use();
        let services = self.services.iter_mut().map(|service| (service.index, Swept::new(service)));
        let mut sweep = Sweep::new(services, seed, clock(), self.clock_since);
        self.sweeping = Some(tokio::task::spawn_blocking(move || {
            let of = |table| flows.sweep(table, |key, entry, stamp| sweep.judge(table, key, entry, stamp));
            let [flows, embryos, clients] = [Table::Flows, Table::Embryos, Table::Clients].map(of);
            debug!(flows, embryos, clients, "tables of flows swept");
            (sweep, flows + embryos + clients)
        }));
    }

    /// Takes in what a sweep has found.
    pub(super) fn swept(&mut self, sweep: Option<(Sweep, usize)>) {
        self.sweeping = None;
        // A sweep does not panic; if it did, its slots would wait for the next one.
        let Some((sweep, noted)) = sweep else { return };
        self.noted = noted;
        let pause = (sweep.started().elapsed() * PAUSE).min(LONGEST_PAUSE);
        self.next_sweep = Instant::now() + pause;
        if let Err(error) = self.finish_moves(&sweep) {
            error!("moves could not be ended: {:#}", anyhow::Error::from(error));
        }
    }

    /// Ends the moves of slots that the sweep found no flow to need, and lets go of backends that have left and have no
    /// flows any more.
    fn finish_moves(&mut self, sweep: &Sweep) -> Result<(), DataplaneError> {
        let mut changed = BTreeSet::new();
        for (at, service) in self.services.iter_mut().enumerate() {
            service.moves.learn(sweep.learnt(service.index, service.moves.flows()));
            let tracking = service.tracking.swept(sweep.strays(service.index), sweep.started());
            if tracking != service.tracking {
                service.tracking = tracking;
                self.dataplane.store_service(service.index, contents::service(service));
            }
            if !sweep.is_of(service.index, service.table.len()) {
                continue;
            }
            for (position, slot) in sweep.settled(service.index) {
                // Changed meanwhile: the next sweep will see.
                if let Some(now) = service.table.get_mut(position as usize).filter(|now| **now == slot) {
                    *now = slot.stable(slot.owner());
                    changed.insert(at);
                }
            }
        }
        self.refresh(changed);
        self.serve_waiting();
        self.lingering.clone_from(sweep.held());
        self.let_go(|backend, since| sweep.free(backend, since))
    }

    /// Retires backends that have left, that no slot names, and that are `free` since they left.
    pub(super) fn let_go(&mut self, free: impl Fn(u32, Instant) -> bool) -> Result<(), DataplaneError> {
        let mut gone = Gone::default();
        for service in
            self.services.iter_mut().filter(|service| service.backends.iter().any(Backend::is_leaving))
        {
            let named: BTreeSet<u32> =
                service.table.iter().flat_map(|slot| [slot.owner(), slot.previous()]).collect();
            let at_rest = service.moves.is_empty() && !service.tracking.notes_all();
            service.backends.retain(|backend| {
                let Some(since) = backend.leaving else { return true };
                let stays = named.contains(&backend.index) || !(at_rest || free(backend.index, since));
                if !stays {
                    info!(service = service.config.name, backend = backend.config.name, "backend has left");
                    gone.backends.push((backend.index, service.index));
                }
                stays
            });
            service.owned = contents::owned(service);
        }
        if gone.backends.is_empty() {
            return Ok(());
        }
        self.publish_endpoints()?;
        self.retire(gone);
        self.sync_checks();
        self.sync_targets();
        Ok(())
    }
}
