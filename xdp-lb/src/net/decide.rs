//! The decision: from a route, an interface and a neighbour to a next hop. Pure.

use std::{net::IpAddr, time::Instant};

use super::{
    DownCause, Link, NextHop, Resolved, Unresolved,
    neighbour::Answer,
    table::Tables,
    wire::{NeighbourKey, Route},
};

/// Where packets for `target` have to go at `now`, if the kernel routes them by `route` (none: not asked yet).
pub(super) fn next_hop(target: IpAddr, route: Option<Route>, tables: &Tables, now: Instant) -> NextHop {
    resolve(target, route, tables, now).map_or_else(NextHop::Unresolved, NextHop::Resolved)
}

/// The neighbour packets for `target` are handed to, if `route` hands them to one.
pub(super) fn neighbour(target: IpAddr, route: Option<Route>) -> Option<NeighbourKey> {
    match route? {
        Route::Via { ifindex, gateway } => Some(NeighbourKey { ifindex, address: gateway.unwrap_or(target) }),
        Route::Encapsulated { .. }
        | Route::Local
        | Route::NotUnicast
        | Route::Rejected(_)
        | Route::None
        | Route::Failed(_) => None,
    }
}

/// What keeps an interface from sending, if anything does.
pub(super) fn down(link: Option<&Link>) -> Option<DownCause> {
    match link {
        None => Some(DownCause::Gone),
        Some(link) if !link.up => Some(DownCause::Admin),
        Some(link) if !link.carrier => Some(DownCause::NoCarrier),
        Some(_) => None,
    }
}

fn resolve(
    target: IpAddr,
    route: Option<Route>,
    tables: &Tables,
    now: Instant,
) -> Result<Resolved, Unresolved> {
    let (ifindex, gateway) = match route.ok_or(Unresolved::Pending)? {
        Route::Via { ifindex, gateway } => (ifindex, gateway),
        Route::Encapsulated { ifindex } => {
            let interface = tables.link(ifindex).ok_or(Unresolved::Pending)?.name.clone();
            return Err(Unresolved::Encapsulated { interface });
        }
        Route::Local => return Err(Unresolved::Local),
        Route::NotUnicast => return Err(Unresolved::NotUnicast),
        Route::Rejected(rejection) => return Err(Unresolved::Rejected(rejection)),
        Route::None => return Err(Unresolved::NoRoute),
        Route::Failed(errno) => {
            return Err(Unresolved::Lookup(std::io::Error::from_raw_os_error(errno).to_string()));
        }
    };
    // A route by an interface not heard of is newer than the list of interfaces, which is about to follow.
    let link = tables.link(ifindex).ok_or(Unresolved::Pending)?;
    let interface = link.name.clone();
    if let Some(cause) = down(Some(link)) {
        return Err(Unresolved::InterfaceDown { interface, cause });
    }
    let Some(source_mac) = link.mac else {
        return Err(Unresolved::NotEthernet { interface });
    };
    let next_hop = gateway.unwrap_or(target);
    match tables.answer(&NeighbourKey { ifindex, address: next_hop }, now) {
        Answer::Mac(destination_mac) => {
            Ok(Resolved { ifindex, interface, source_mac, destination_mac, gateway })
        }
        Answer::Pending => Err(Unresolved::Pending),
        Answer::Refused => Err(Unresolved::NeighbourTableFull { next_hop }),
        Answer::Unanswered => Err(Unresolved::NoNeighbour { interface, next_hop }),
    }
}

#[cfg(test)]
mod tests;
