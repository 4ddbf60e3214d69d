//! The questions the daemon has for the kernel.

use std::net::IpAddr;

use super::{
    Link, NetError,
    socket::{Events, Requests},
    table::Tables,
    wire::{Event, NeighbourKey, Outcome, Request, Route},
};

/// Both sockets.
pub(super) struct Kernel {
    pub(super) events: Events,
    requests: Requests,
}

impl Kernel {
    /// Subscribes to changes in the calling thread's network namespace. Tables read afterwards cannot miss one.
    pub(super) fn open() -> Result<Self, NetError> {
        Ok(Self { events: Events::subscribe()?, requests: Requests::open()? })
    }

    /// Every interface.
    pub(super) async fn links(&mut self) -> Result<Vec<Event>, NetError> {
        self.requests.list("interfaces", Request::Links).await
    }

    /// Every neighbour.
    pub(super) async fn neighbours(&mut self) -> Result<Vec<Event>, NetError> {
        self.requests.list("neighbours", Request::Neighbours).await
    }

    /// The route to each of `targets`: policy rules, metrics and the choice among equal paths are the kernel's.
    pub(super) async fn routes(&mut self, targets: &[IpAddr]) -> Result<Vec<Route>, NetError> {
        let requests: Vec<_> = targets.iter().copied().map(Request::Route).collect();
        self.requests.ask(&requests).await
    }

    /// Has the kernel resolve or verify `neighbours`; returns its verdict on each.
    pub(super) async fn use_neighbours(
        &mut self,
        neighbours: &[NeighbourKey],
    ) -> Result<Vec<Outcome>, NetError> {
        let requests: Vec<_> = neighbours.iter().copied().map(Request::Use).collect();
        self.requests.ask(&requests).await
    }
}

/// Lists the interfaces of the calling thread's network namespace, by index.
pub(super) async fn links() -> Result<Vec<Link>, NetError> {
    let mut tables = Tables::default();
    tables.replace_links(Requests::open()?.list("interfaces", Request::Links).await?);
    Ok(tables.links())
}
