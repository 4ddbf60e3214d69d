//! From a configuration to a running datapath.

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
    time::timeout,
};
use tracing::{info, warn};

use super::{
    Handle,
    adopt::adopt,
    configure::{configure, needs},
    operate::keep_added,
    owner::Owner,
    settle::clock,
    state::Service,
};
use crate::{
    config::Config,
    dataplane::{self, Dataplane, DataplaneError, Sizes},
    health::Checks,
    model::{self, Status},
    net::{NetError, NextHop, Unresolved, Watcher},
};

/// How long the first answers about next hops are waited for: an ARP request is repeated twice, a second apart.
const FIRST_ANSWERS: Duration = Duration::from_secs(4);

/// Why the daemon could not start. What it made is removed, and a datapath at work goes on.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The kernel side.
    #[error(transparent)]
    Dataplane(#[from] DataplaneError),
    /// The kernel could not be asked about interfaces and routes.
    #[error("cannot follow interfaces, routes and neighbours")]
    Net(#[from] NetError),
}

/// Loads or takes over the datapath, fills it, attaches it and makes it the one that is found from now on.
pub async fn start(file: PathBuf, config: Config) -> Result<Owner, StartError> {
    let watcher = Watcher::start().await?;
    dataplane::ensure_bpffs(&config.datapath.pin)?;
    let (needs, asked) = (needs(&config), config.datapath.capacity);
    let (least, sizes) = (Sizes::least(needs, asked), Sizes::of(needs, asked));
    let dataplane = Dataplane::open(&config.datapath.pin, &least, sizes, config.datapath.hash_seed)?;
    let mut owner = owner(file, config, dataplane, watcher);
    match owner.take_office().await {
        Ok(()) => Ok(owner),
        Err(error) => {
            owner.dataplane.abandon();
            Err(error.into())
        }
    }
}

fn owner(file: PathBuf, config: Config, dataplane: Dataplane, watcher: Watcher) -> Owner {
    let now = Timestamp::now();
    let (commands, orders) = mpsc::channel(16);
    let (findings, observations) = mpsc::channel(4096);
    let (publisher, status) = watch::channel(Arc::new(Status {
        version: String::new(),
        pid: 0,
        started: now,
        config: model::Config { file: String::new(), loaded: now, revision: 0, refused: None },
        interfaces: Vec::new(),
        services: Vec::new(),
        drops: Vec::new(),
        warnings: Vec::new(),
    }));
    let (services, allocation) = adopt(&dataplane.adopt(), dataplane.sizes(), now);
    Owner {
        file,
        config,
        started: now,
        loaded: now,
        revision: 1,
        refused: None,
        dataplane,
        services,
        allocation,
        endpoints: None,
        positions: HashMap::new(),
        problems: BTreeMap::new(),
        next_hops: watcher.next_hops(),
        links: watcher.links(),
        watcher,
        checks: Checks::new(findings),
        observations,
        commands: orders,
        handle: Handle { commands, status },
        publisher,
        lingering: BTreeMap::new(),
        turn: 0,
        published_warnings: Vec::new(),
        clock_since: clock(),
        noted: usize::MAX,
        next_sweep: Instant::now(),
        sweeping: None,
    }
}

impl Owner {
    async fn take_office(&mut self) -> Result<(), DataplaneError> {
        let adopted: usize = self.services.iter().map(|service| service.backends.len()).sum();
        if adopted > 0 {
            info!(
                services = self.services.len(),
                backends = adopted,
                "state of the running datapath taken over"
            );
        }
        keep_added(&mut self.config, &self.services);
        let configured = configure(&self.config, &self.services, &self.allocation, self.started)?;
        self.answers(&configured.services, FIRST_ANSWERS).await;
        let links = Arc::clone(&self.links.borrow());
        // What can fail goes first: the maps may be those of a datapath at work.
        self.check_interfaces(&links)?;
        self.dataplane.set_clock(clock());
        self.install(configured)?;
        self.allow_all(&links)?;
        self.attach_all(&links)?;
        self.dataplane.commit()?;
        self.dataplane.forward_log();
        self.dataplane.forward_misses(self.watcher.neighbours())?;
        self.detach_others()?;
        self.sync_checks();
        self.let_go(|_, _| false)?;
        self.publish();
        for warning in &self.handle.status().warnings {
            warn!("{warning}");
        }
        Ok(())
    }

    /// Waits until the kernel has answered for every backend of `services`, so that their first tables are right.
    pub(super) async fn answers(&mut self, services: &[Service], limit: Duration) {
        let addresses = |services: &[Service]| -> Vec<IpAddr> {
            let backends = services.iter().flat_map(|service| &service.backends);
            backends.map(|backend| backend.config.address.ip()).collect()
        };
        let targets: BTreeSet<IpAddr> = addresses(services).into_iter().collect();
        // Those in force stay known meanwhile.
        self.watcher.set_targets(targets.iter().copied().chain(addresses(&self.services)).collect());
        let answered = |hops: &Arc<HashMap<_, NextHop>>| {
            targets.iter().all(|target| {
                hops.get(target).is_some_and(|hop| !matches!(hop, NextHop::Unresolved(Unresolved::Pending)))
            })
        };
        if timeout(limit, self.next_hops.wait_for(answered)).await.is_err() {
            warn!("not every backend's next hop is known yet; the missing ones get traffic once they are");
        }
    }
}
