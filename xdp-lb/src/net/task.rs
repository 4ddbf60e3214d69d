//! The task that owns everything known about the network: it hears of changes, looks up what they affect, keeps
//! neighbours alive, and publishes.

use std::{
    collections::{BTreeSet, HashMap},
    future,
    net::IpAddr,
    sync::Arc,
    time::Duration,
};

use tokio::{
    select,
    sync::{mpsc, watch},
    time::{Instant, Interval, MissedTickBehavior, interval_at, sleep, sleep_until},
};
use tracing::{debug, trace, warn};

use super::{
    Link, NetError, NextHop,
    kernel::Kernel,
    pending::Pending,
    resolver::Resolver,
    table::Work,
    wire::{Event, NeighbourKey, Outcome},
};

/// How often neighbours are looked after.
const UPKEEP: Duration = Duration::from_secs(1);
/// How often interfaces are listed: the kernel does not announce an XDP program attached by a BPF link.
const CHECK_LINKS: Duration = Duration::from_secs(5);
/// How often everything is read again, whatever was heard.
const CHECK: Duration = Duration::from_secs(30);
/// How long to wait before new sockets are opened for broken ones.
const REOPEN: Duration = Duration::from_secs(1);
/// At most this many neighbours are asked about at a time, each with a broadcast in the worst case.
const BURST: usize = 256;
/// The time between two bursts.
const BURST_GAP: Duration = Duration::from_millis(50);

/// The kernel's answer when it has no room for another neighbour.
const FULL: Outcome = Outcome(libc::ENOBUFS);

pub(super) type NextHops = Arc<HashMap<IpAddr, NextHop>>;
pub(super) type Links = Arc<Vec<Link>>;

pub(super) struct Task {
    targets: watch::Receiver<BTreeSet<IpAddr>>,
    asked_for: mpsc::Receiver<(u32, IpAddr)>,
    next_hops: watch::Sender<NextHops>,
    links: watch::Sender<Links>,
    kernel: Kernel,
    resolver: Resolver,
    pending: Pending,
    /// Whether the kernel's neighbour table was full when last asked.
    full: bool,
}

impl Task {
    pub(super) fn new(
        targets: watch::Receiver<BTreeSet<IpAddr>>,
        asked_for: mpsc::Receiver<(u32, IpAddr)>,
        next_hops: watch::Sender<NextHops>,
        links: watch::Sender<Links>,
    ) -> Result<Self, NetError> {
        let (kernel, resolver) = (Kernel::open()?, Resolver::default());
        let pending = Pending::default();
        Ok(Self { targets, asked_for, next_hops, links, kernel, resolver, pending, full: false })
    }

    /// Runs until the handle is dropped.
    pub(super) async fn run(mut self) {
        while let Err(error) = self.follow().await {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            warn!(%error, cause, "lost track of the network; starting over");
            select! {
                () = sleep(REOPEN) => {}
                () = closed(&mut self.targets) => return,
            }
            match Kernel::open() {
                Ok(kernel) => self.kernel = kernel,
                Err(error) => warn!(%error, "still no netlink"),
            }
            self.note(Work::Reread);
        }
    }

    /// Reads the tables and publishes what is in them.
    pub(super) async fn resync(&mut self) -> Result<(), NetError> {
        self.catch_up(Work::Reread).await
    }

    fn note(&mut self, work: Work) {
        self.pending.note(work, Instant::now().into_std());
    }

    /// Takes in one change.
    fn hear(&mut self, event: Event) {
        trace!(?event, "heard");
        let routing = matches!(event, Event::Routing);
        let work = self.resolver.tables.apply(event);
        self.note(work);
        // What is known now of an interface that went down must not wait until all routes have been looked up again.
        if !routing {
            self.note(work.min(Work::Publish));
        }
    }

    /// Follows changes; returns when the handle is dropped.
    async fn follow(&mut self) -> Result<(), NetError> {
        let (mut upkeep, mut check) = (every(UPKEEP), every(CHECK));
        let mut check_links = every(CHECK_LINKS);
        let mut asked_for = Vec::with_capacity(BURST);
        self.targets.mark_changed();
        loop {
            select! {
                changed = self.targets.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                    let work = self.resolver.set_targets(&self.targets.borrow_and_update());
                    self.note(work);
                }
                events = self.kernel.events.next() => match events {
                    Ok(events) => for event in events {
                        self.hear(event);
                    },
                    Err(NetError::Overrun) => {
                        debug!("changes came faster than they were read; reading everything again");
                        self.note(Work::Reread);
                    }
                    Err(error) => return Err(error),
                },
                _count = self.asked_for.recv_many(&mut asked_for, BURST) => {
                    let keys: Vec<_> = asked_for.drain(..).map(|(ifindex, address)| NeighbourKey { ifindex, address }).collect();
                    self.kernel.use_neighbours(&keys).await?;
                }
                () = at(self.pending.due()) => self.catch_up_with_due().await?,
                _ = upkeep.tick() => self.catch_up_with_due().await?,
                _ = check_links.tick() => {
                    let links = self.kernel.links().await?;
                    let work = self.resolver.tables.replace_links(links);
                    self.note(work);
                }
                _ = check.tick() => self.note(Work::Reread),
            }
        }
    }

    async fn catch_up_with_due(&mut self) -> Result<(), NetError> {
        let todo = self.pending.take(Instant::now().into_std());
        self.catch_up(todo).await
    }

    /// Does what is to do, looks after neighbours, and publishes.
    async fn catch_up(&mut self, todo: Work) -> Result<(), NetError> {
        let start = Instant::now();
        if todo >= Work::Reread {
            self.resolver.tables.replace_links(self.kernel.links().await?);
            self.resolver.tables.replace_neighbours(self.kernel.neighbours().await?);
        }
        self.resolver.tables.settle();
        if todo >= Work::Lookup {
            let targets: Vec<_> = self.resolver.targets().collect();
            let routes = self.kernel.routes(&targets).await?;
            self.resolver.set_routes(targets.into_iter().zip(routes));
            self.pending.has_read(start.into_std(), Instant::now().into_std());
        }
        self.keep_alive().await?;
        self.publish();
        Ok(())
    }

    /// Has the kernel resolve or verify the neighbours that are due.
    async fn keep_alive(&mut self) -> Result<(), NetError> {
        let due = self.resolver.due(Instant::now().into_std(), BURST);
        if due.is_empty() {
            return Ok(());
        }
        if due.len() == BURST {
            self.pending.publish_at((Instant::now() + BURST_GAP).into_std());
        }
        let outcomes = self.kernel.use_neighbours(&due).await?;
        let now = Instant::now().into_std();
        let full = outcomes.contains(&FULL);
        if full && !self.full {
            warn!(
                "the kernel's neighbour table is full; raise net.ipv4.neigh.default.gc_thresh3 or its IPv6 twin"
            );
        }
        self.full = full;
        for (key, outcome) in due.into_iter().zip(outcomes) {
            if !matches!(outcome, Outcome(0) | FULL) {
                debug!(?key, ?outcome, "the kernel did not take up a neighbour");
            }
            self.resolver.tables.asked(key, now, outcome != FULL);
        }
        Ok(())
    }

    fn publish(&self) {
        let links = self.resolver.tables.links();
        self.links.send_if_modified(|published| replace(published, links));
        let next_hops = self.resolver.next_hops(Instant::now().into_std());
        self.next_hops.send_if_modified(|published| replace(published, next_hops));
    }
}

/// Publishes `value` unless it is what is published; says whether it did.
fn replace<T: PartialEq>(published: &mut Arc<T>, value: T) -> bool {
    let changed = **published != value;
    if changed {
        *published = Arc::new(value);
    }
    changed
}

fn every(period: Duration) -> Interval {
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

async fn at(deadline: Option<std::time::Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline.into()).await,
        None => future::pending().await,
    }
}

/// Ends when the sender is dropped.
async fn closed<T>(receiver: &mut watch::Receiver<T>) {
    while receiver.changed().await.is_ok() {}
}
