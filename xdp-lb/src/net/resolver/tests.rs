//! Targets, their routes and the reasons given for those that cannot be reached.

use super::*;
use crate::net::{
    DownCause, Link,
    wire::{Event, NeighbourState},
};

const TARGET: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 9));
const ON_LINK: Route = Route::Via { ifindex: 7, gateway: None };

fn link(up: bool) -> Event {
    Event::Link(Link {
        index: 7,
        name: "eth0".to_owned(),
        mac: Some([2, 0, 0, 0, 0, 1]),
        mtu: 1500,
        up,
        carrier: up,
        kind: None,
        xdp: None,
    })
}

fn resolver() -> Resolver {
    let mut resolver = Resolver::default();
    resolver.tables.apply(link(true));
    assert_eq!(resolver.set_targets(&BTreeSet::from([TARGET])), Work::Lookup);
    resolver
}

/// Checks the target's next hop after its route was looked up and the interface changed.
#[track_caller]
fn check(routes: &[Route], change: Option<Event>, expected: Unresolved) {
    let mut resolver = resolver();
    for route in routes {
        resolver.set_routes([(TARGET, *route)]);
    }
    change.map(|event| resolver.tables.apply(event));
    let next_hops = resolver.next_hops(Instant::now());
    assert_eq!(next_hops, HashMap::from([(TARGET, NextHop::Unresolved(expected))]));
}

#[test]
fn reasons() {
    let down = |cause| Unresolved::InterfaceDown { interface: "eth0".to_owned(), cause };
    check(&[], None, Unresolved::Pending);
    check(&[Route::None], None, Unresolved::NoRoute);
    check(&[Route::None], Some(link(false)), Unresolved::NoRoute);
    check(&[ON_LINK], None, Unresolved::Pending);
    check(&[ON_LINK, Route::None], None, Unresolved::NoRoute);
    // The route vanished with the interface.
    check(&[ON_LINK, Route::None], Some(link(false)), down(DownCause::Admin));
    check(&[ON_LINK, Route::None], Some(Event::LinkGone(7)), down(DownCause::Gone));
    check(&[ON_LINK], Some(link(false)), down(DownCause::Admin));
}

#[test]
fn only_neighbours_on_the_way_are_asked_for() {
    let (mut resolver, now) = (resolver(), Instant::now());
    assert_eq!(resolver.due(now, 9), []);
    resolver.set_routes([(TARGET, ON_LINK)]);
    let key = NeighbourKey { ifindex: 7, address: TARGET };
    assert_eq!(resolver.due(now, 9), [key]);
    assert_eq!(resolver.due(now, 0), []);
    resolver.tables.apply(link(false));
    assert_eq!(resolver.due(now, 9), [], "nobody can be asked on an interface that is down");
    resolver.tables.apply(link(true));
    resolver.tables.asked(key, now, true);
    assert_eq!(resolver.due(now, 9), []);
}

#[test]
fn targets_that_stay_keep_their_way() {
    let mut resolver = resolver();
    resolver.set_routes([(TARGET, ON_LINK)]);
    let key = NeighbourKey { ifindex: 7, address: TARGET };
    resolver.tables.apply(Event::Neighbour { key, state: NeighbourState::Fresh, mac: Some([9; 6]) });
    let other = IpAddr::from([10, 0, 0, 8]);
    assert_eq!(resolver.set_targets(&BTreeSet::from([TARGET, other])), Work::Lookup);
    let next_hops = resolver.next_hops(Instant::now());
    assert!(next_hops.get(&TARGET).is_some_and(|next_hop| next_hop.resolved().is_some()));
    assert_eq!(next_hops.get(&other), Some(&NextHop::Unresolved(Unresolved::Pending)));
    assert_eq!(resolver.set_targets(&BTreeSet::from([TARGET])), Work::Publish);
    assert_eq!(resolver.set_targets(&BTreeSet::from([TARGET])), Work::Nothing);
    assert_eq!(resolver.next_hops(Instant::now()).len(), 1);
}
