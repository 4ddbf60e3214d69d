//! The task that follows the kernel and publishes next hops and interfaces.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
    sync::Arc,
};

use tokio::sync::watch;

use super::{Link, NetError, NextHop};

type NextHops = Arc<HashMap<IpAddr, NextHop>>;
type Links = Arc<Vec<Link>>;

/// A handle on the task that follows the kernel; dropping it ends the task.
#[derive(Debug)]
pub struct Watcher {
    targets: watch::Sender<BTreeSet<IpAddr>>,
    next_hops: watch::Receiver<NextHops>,
    links: watch::Receiver<Links>,
}

impl Watcher {
    /// Subscribes to the kernel's changes in the calling thread's network namespace, reads its tables and starts
    /// following them. When this returns, [`Self::links`] is filled.
    ///
    /// # Errors
    ///
    /// Fails if netlink cannot be used.
    #[expect(clippy::unused_async, reason = "the signature comes before the implementation")]
    pub async fn start() -> Result<Self, NetError> {
        Ok(Self {
            targets: watch::Sender::new(BTreeSet::new()),
            next_hops: watch::channel(NextHops::default()).1,
            links: watch::channel(Links::default()).1,
        })
    }

    /// Says whose next hops to track, replacing what was said before.
    pub fn set_targets(&self, targets: BTreeSet<IpAddr>) {
        self.targets.send_replace(targets);
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
