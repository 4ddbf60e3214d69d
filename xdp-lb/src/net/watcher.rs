//! The daemon's handle on what is known about the network.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
    sync::Arc,
};

use tokio::sync::{mpsc, watch};

use super::{
    Link, NetError, NextHop,
    task::{Links, NextHops, Task},
};

/// Neighbours that may wait to be asked for.
const ASKED_FOR: usize = 256;

/// A handle on the task that follows the kernel; dropping it ends the task.
#[derive(Debug)]
pub struct Watcher {
    targets: watch::Sender<BTreeSet<IpAddr>>,
    next_hops: watch::Receiver<NextHops>,
    links: watch::Receiver<Links>,
    neighbours: mpsc::Sender<(u32, IpAddr)>,
}

impl Watcher {
    /// Subscribes to the kernel's changes in the calling thread's network namespace, reads its tables and starts
    /// following them. When this returns, [`Self::links`] is filled.
    ///
    /// # Errors
    ///
    /// Fails if netlink cannot be used.
    pub async fn start() -> Result<Self, NetError> {
        let (targets, wanted) = watch::channel(BTreeSet::new());
        let (publish_next_hops, next_hops) = watch::channel(NextHops::default());
        let (publish_links, links) = watch::channel(Links::default());
        let (neighbours, asked_for) = mpsc::channel(ASKED_FOR);
        let mut task = Task::new(wanted, asked_for, publish_next_hops, publish_links)?;
        task.resync().await?;
        tokio::spawn(task.run());
        Ok(Self { targets, next_hops, links, neighbours })
    }

    /// Says whose next hops to track, replacing what was said before. Their next hops are published together, within
    /// some tens of milliseconds, [`Unresolved::Pending`](super::Unresolved::Pending) where the kernel has to ask the
    /// network first.
    pub fn set_targets(&self, targets: BTreeSet<IpAddr>) {
        self.targets.send_replace(targets);
    }

    /// Where to ask for a neighbour, by interface, to be resolved once: for next hops of others than targets.
    #[must_use]
    pub fn neighbours(&self) -> mpsc::Sender<(u32, IpAddr)> {
        self.neighbours.clone()
    }

    /// The next hop of every target, published as a whole and only when something changed.
    #[must_use]
    pub fn next_hops(&self) -> watch::Receiver<Arc<HashMap<IpAddr, NextHop>>> {
        self.next_hops.clone()
    }

    /// The interfaces, by index, published as a whole and only when something changed.
    #[must_use]
    pub fn links(&self) -> watch::Receiver<Arc<Vec<Link>>> {
        self.links.clone()
    }
}
