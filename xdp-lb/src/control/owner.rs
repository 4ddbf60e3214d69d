//! The task that owns the state.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio::{
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use xdp_lb_common::load;

use super::{
    Command, Handle, allocation::Allocation, settle::Sweeping, state::Service, status, sweep::Sweep,
};
use crate::{
    config::{self, Config},
    dataplane::{Dataplane, Endpoints},
    health::{Checks, Observation, State, Target},
    model::{self, Status},
    net::{Link, NextHop, Watcher},
};

/// Most check results taken in at once: their services are then recomputed once.
const BATCH: usize = 1024;

/// How often is looked for what nobody tells: forwarding switches, removed pins, windows that are over. It is also the
/// tick of the program's clock.
const LOOK_ROUND: Duration = Duration::from_secs(1);

/// Holds the state and the datapath. [`super::start`] makes it, [`Self::run`] is its life.
#[derive(Debug)]
pub struct Owner {
    pub(super) file: PathBuf,
    pub(super) config: Config,
    pub(super) started: Timestamp,
    pub(super) loaded: Timestamp,
    pub(super) revision: u64,
    pub(super) refused: Option<String>,
    pub(super) dataplane: Dataplane,
    pub(super) services: Vec<Service>,
    pub(super) allocation: Allocation,
    /// What was published last.
    pub(super) endpoints: Option<Endpoints>,
    /// Service and backend position by backend index.
    pub(super) positions: HashMap<u32, (usize, usize)>,
    /// Why an interface has no program, by name.
    pub(super) problems: BTreeMap<String, String>,
    pub(super) watcher: Watcher,
    pub(super) next_hops: watch::Receiver<Arc<HashMap<IpAddr, NextHop>>>,
    pub(super) links: watch::Receiver<Arc<Vec<Link>>>,
    pub(super) checks: Checks,
    pub(super) observations: mpsc::Receiver<Observation>,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) handle: Handle,
    pub(super) publisher: watch::Sender<Arc<Status>>,
    /// Flows that backends have on slots of others, as the last sweep found them.
    pub(super) lingering: BTreeMap<u32, u32>,
    /// Which of the services with slots that wait comes first.
    pub(super) turn: usize,
    /// What was said about interfaces last.
    pub(super) published_warnings: Vec<String>,
    /// When the program's clock was started.
    pub(super) clock_since: u32,
    /// How many entries the last sweep left in the tables of flows.
    pub(super) noted: usize,
    /// No sweep before this.
    pub(super) next_sweep: Instant,
    /// The sweep of the flow table that is at work.
    pub(super) sweeping: Option<Sweeping>,
}

/// Why the owner ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was told to; the datapath goes on.
    Stopped,
    /// `xdp-lb detach` took the datapath away.
    Detached,
}

impl Owner {
    /// How others reach this owner.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// The counters, apart from the owner.
    #[must_use]
    pub fn reader(&self) -> Arc<crate::dataplane::Reader> {
        self.dataplane.reader()
    }

    /// Keeps the datapath right until `stop` or until it is taken away. It forwards on in the first case.
    pub async fn run(mut self, stop: CancellationToken) -> Ended {
        let mut look_round = interval(LOOK_ROUND);
        look_round.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut results = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ended::Stopped,
                Some(command) = self.commands.recv() => {
                    self.obey(command).await;
                    continue;
                }
                _count = self.observations.recv_many(&mut results, BATCH) => {
                    if !self.observe(results.drain(..)) {
                        // Most results are what was expected; publishing costs as much as there are backends.
                        continue;
                    }
                }
                Ok(()) = self.next_hops.changed() => {
                    let changed = self.update_ways();
                    self.refresh(changed);
                }
                Ok(()) = self.links.changed() => self.follow_links(),
                sweep = swept(&mut self.sweeping) => self.swept(sweep),
                _now = look_round.tick() => {
                    let put_back = self.keep_attached();
                    let given_back = self.look_after_moves();
                    let ramped = self.look_after_ramps();
                    if !put_back
                        && !given_back
                        && !ramped
                        && self.interface_warnings() == self.published_warnings
                        && self.dataplane.in_place()
                    {
                        continue;
                    }
                }
            }
            if !self.dataplane.in_place() {
                warn!("the datapath was taken away (`xdp-lb detach`); nothing is left to look after");
                return Ended::Detached;
            }
            self.publish();
        }
    }

    /// Does what it is told. What it has changed is published before the answer: whoever looks then sees it. An answer
    /// that nobody waits for any more is no failure.
    async fn obey(&mut self, command: Command) {
        match command {
            Command::Reload(answer) => {
                let result = self.reload().await;
                match &result {
                    Ok(()) => {
                        info!(file = %self.file.display(), revision = self.revision, "configuration reloaded");
                    }
                    Err(reason) => {
                        error!("the new configuration was refused, nothing has changed:\n{reason}");
                    }
                }
                self.refused = result.as_ref().err().cloned();
                self.publish();
                let _unheard = answer.send(result);
            }
            Command::Plan(config, answer) => {
                let _unheard = answer.send(self.plan(*config));
            }
            Command::Change(service, backend, change, answer) => {
                let result = self.change(&service, &backend, &change).await;
                self.publish();
                let _unheard = answer.send(result);
            }
            Command::Add(service, backend, answer) => {
                let result = self.add(&service, backend).await;
                self.publish();
                let _unheard = answer.send(result);
            }
        }
    }

    /// Takes in check results and moves the slots of backends whose state they change; `true`: there are some.
    fn observe(&mut self, results: impl Iterator<Item = Observation>) -> bool {
        let now = Timestamp::now();
        let mut changed = BTreeSet::new();
        for Observation { backend: index, target, result, took } in results {
            let Some(&(at, position)) = self.positions.get(&index) else { continue };
            let service = &mut self.services[at];
            let Some(health) = service.config.health else { continue };
            let backend = &mut service.backends[position];
            // A result that comes in after a reload may be of another backend's check.
            if backend.target(&health) != target {
                continue;
            }
            if service.config.is_timed_by_checks() && result.is_ok() {
                backend.response = load::smoothed(backend.response, took.as_micros() as u64);
                self.dataplane.store_response(index, backend.response);
            }
            let text = result.as_ref().map(String::as_str).map_err(String::as_str);
            if !backend.health.observe(text, health.rise, health.fall, now) {
                continue;
            }
            changed.insert(at);
            let (service, name, reason) =
                (&service.config.name, &backend.config.name, backend.health.reason());
            match backend.health.state() {
                State::Down => warn!(service, backend = name, reason, "backend is down"),
                State::Up | State::Unknown => info!(service, backend = name, reason, "backend is up"),
            }
        }
        let any = !changed.is_empty();
        self.refresh(changed);
        any
    }

    /// Runs the checks that the configuration asks for.
    pub(super) fn sync_checks(&mut self) {
        let mut wanted: HashMap<u32, Target> = HashMap::new();
        for service in &self.services {
            let Some(health) = &service.config.health else { continue };
            wanted.extend(service.backends.iter().map(|backend| (backend.index, backend.target(health))));
        }
        self.checks.sync(&wanted);
    }

    /// Says whose next hops matter.
    pub(super) fn sync_targets(&self) -> BTreeSet<IpAddr> {
        let backends = self.services.iter().flat_map(|service| &service.backends);
        let targets: BTreeSet<_> = backends.map(|backend| backend.config.address.ip()).collect();
        self.watcher.set_targets(targets.clone());
        targets
    }

    /// Publishes the state for everybody else.
    pub(super) fn publish(&mut self) {
        let services: Vec<_> =
            self.services.iter().map(|service| status::service(service, &self.lingering)).collect();
        self.published_warnings = self.interface_warnings();
        let mut warnings = self.published_warnings.clone();
        let flows = self.dataplane.sizes().flows;
        warnings.extend(self.services.iter().flat_map(|service| status::warnings(service, flows)));
        let status = Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started: self.started,
            config: model::Config {
                file: self.file.display().to_string(),
                loaded: self.loaded,
                revision: self.revision,
                refused: self.refused.clone(),
            },
            interfaces: self.interface_states(),
            services,
            drops: Vec::new(),
            warnings,
        };
        self.publisher.send_replace(Arc::new(status));
    }

    /// Whether some service rewrites addresses, in IPv4 and in IPv6: the kernel must then forward.
    pub(super) fn families(&self) -> (bool, bool) {
        let mut nat =
            self.config.services.iter().filter(|service| service.forwarding == config::Forwarding::Nat);
        let v4 = nat.clone().any(|service| service.vip.is_ipv4());
        (v4, nat.any(|service| service.vip.is_ipv6()))
    }
}

/// Waits for a sweep to end; for ever if there is none.
async fn swept(sweeping: &mut Option<Sweeping>) -> Option<(Sweep, usize)> {
    match sweeping {
        Some(task) => task.await.ok(),
        None => std::future::pending().await,
    }
}
