//! What a configuration would change. Pure: nothing is applied.

use std::{collections::HashMap, time::Instant};

use super::{
    configure::Configured,
    contents,
    shares::Shares,
    state::{Backend, Service, Way},
};
use crate::{
    model::{Plan, PlannedService},
    net::Resolved,
    slots::Allowance,
};

/// Compares what is in force with what `configured` would put in its place. New backends are taken to be reachable.
pub(super) fn plan(before: &[Service], configured: &Configured) -> Plan {
    let old: HashMap<u32, &Service> = before.iter().map(|service| (service.index, service)).collect();
    let services = configured.services.iter().map(|after| service(old.get(&after.index).copied(), after));
    let gone = before.iter().filter(|service| configured.gone.services.contains(&service.index));
    Plan { services: services.collect(), removed: gone.map(|service| service.config.name.clone()).collect() }
}

fn service(before: Option<&Service>, after: &Service) -> PlannedService {
    let mut after = after.clone();
    for backend in after.backends.iter_mut().filter(|backend| backend.way.now.is_none()) {
        backend.way = reachable();
    }
    // A slow start is on its way to the full share: what that moves is what is asked.
    after.config.slow_start = None;
    Shares::of(&after, Instant::now()).put_in_force(&mut after);
    let was = after.table.clone();
    let next = contents::table(&after, || Allowance::UNLIMITED).table;
    let changes = was.iter().zip(&next).filter(|(was, next)| was.owner() != next.owner());
    let moved = changes.clone().count() as u32;
    let kept = changes.filter(|(_, next)| next.is_moving()).count() as u32;
    let owned = |table: &[xdp_lb_common::slot::Slot], index: u32| {
        table.iter().filter(|slot| slot.owner() == index).count() as u32
    };
    let gained = |backend: &Backend| owned(&next, backend.index).saturating_sub(owned(&was, backend.index));
    let names = |of: &dyn Fn(&Backend) -> bool| -> Vec<String> {
        after
            .backends
            .iter()
            .filter(|backend| of(backend))
            .map(|backend| backend.config.name.clone())
            .collect()
    };
    let known = |backend: &Backend| {
        before.is_some_and(|before| before.backends.iter().any(|old| old.index == backend.index))
    };
    PlannedService {
        name: after.config.name.clone(),
        new: before.is_none(),
        slots: after.region.size,
        moved,
        unavoidable: after.backends.iter().map(gained).sum::<u32>().min(moved),
        kept,
        added: names(&|backend| !known(backend)),
        removed: before.map_or_else(Vec::new, |before| removed(before, &after)),
    }
}

fn removed(before: &Service, after: &Service) -> Vec<String> {
    let stays = |old: &&Backend| {
        after.backends.iter().any(|backend| backend.index == old.index && !backend.is_leaving())
    };
    let gone = before.backends.iter().filter(|old| !old.is_leaving() && !stays(old));
    gone.map(|backend| backend.config.name.clone()).collect()
}

/// A way for a backend that nothing has been heard of.
fn reachable() -> Way {
    let (interface, mac) = (String::new(), [0; 6]);
    let way = Resolved { ifindex: 0, interface, source_mac: mac, destination_mac: mac, gateway: None };
    Way { now: Some(Ok(way)), last: None }
}
