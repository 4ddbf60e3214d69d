//! The decision table: route, interface and neighbour on the left, next hop on the right.

use std::time::Duration;

use super::*;
use crate::net::{
    Rejection,
    wire::{Event, NeighbourState},
};

const TARGET: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 9));
const GATEWAY: IpAddr = IpAddr::V6(std::net::Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1));
const OURS: [u8; 6] = [2, 0, 0, 0, 0, 1];
const THEIRS: [u8; 6] = [2, 0, 0, 0, 0, 9];

fn link() -> Link {
    Link {
        index: 7,
        name: "eth0".to_owned(),
        mac: Some(OURS),
        mtu: 1500,
        up: true,
        carrier: true,
        kind: None,
        xdp: None,
    }
}

fn neighbour(address: IpAddr, state: NeighbourState) -> Event {
    let mac = (!matches!(state, NeighbourState::Incomplete | NeighbourState::Failed)).then_some(THEIRS);
    Event::Neighbour { key: NeighbourKey { ifindex: 7, address }, state, mac }
}

#[track_caller]
fn check(route: Option<Route>, events: &[Event], expected: Result<Option<IpAddr>, Unresolved>) {
    let mut tables = Tables::default();
    for event in events {
        tables.apply(event.clone());
    }
    tables.settle();
    let expected = match expected {
        Ok(gateway) => NextHop::Resolved(Resolved {
            ifindex: 7,
            interface: "eth0".to_owned(),
            source_mac: OURS,
            destination_mac: THEIRS,
            gateway,
        }),
        Err(reason) => NextHop::Unresolved(reason),
    };
    assert_eq!(next_hop(TARGET, route, &tables, Instant::now()), expected);
}

#[test]
fn decisions() {
    let on_link = Some(Route::Via { ifindex: 7, gateway: None });
    let routed = Some(Route::Via { ifindex: 7, gateway: Some(GATEWAY) });
    let interface = || "eth0".to_owned();
    let up = Event::Link(link());
    let link_with = |change: fn(&mut Link)| {
        let mut link = link();
        change(&mut link);
        Event::Link(link)
    };

    for state in [NeighbourState::Static, NeighbourState::Fresh, NeighbourState::Stale] {
        check(on_link, &[up.clone(), neighbour(TARGET, state)], Ok(None));
        check(routed, &[up.clone(), neighbour(GATEWAY, state)], Ok(Some(GATEWAY)));
    }
    check(on_link, &[up.clone(), neighbour(TARGET, NeighbourState::Incomplete)], Err(Unresolved::Pending));
    check(on_link, std::slice::from_ref(&up), Err(Unresolved::Pending));
    check(routed, &[up.clone(), neighbour(TARGET, NeighbourState::Fresh)], Err(Unresolved::Pending));
    let silent = |next_hop| Err(Unresolved::NoNeighbour { interface: interface(), next_hop });
    check(on_link, &[up.clone(), neighbour(TARGET, NeighbourState::Failed)], silent(TARGET));
    check(routed, &[up.clone(), neighbour(GATEWAY, NeighbourState::Failed)], silent(GATEWAY));

    let fresh = neighbour(TARGET, NeighbourState::Fresh);
    let down = |cause| Err(Unresolved::InterfaceDown { interface: interface(), cause });
    check(on_link, &[link_with(|link| link.up = false), fresh.clone()], down(DownCause::Admin));
    check(on_link, &[link_with(|link| link.carrier = false), fresh.clone()], down(DownCause::NoCarrier));
    let not_ethernet = Err(Unresolved::NotEthernet { interface: interface() });
    check(on_link, &[link_with(|link| link.mac = None), fresh.clone()], not_ethernet);
    check(on_link, std::slice::from_ref(&fresh), Err(Unresolved::Pending));

    check(None, &[up.clone(), fresh.clone()], Err(Unresolved::Pending));
    let encapsulated = Err(Unresolved::Encapsulated { interface: interface() });
    check(Some(Route::Encapsulated { ifindex: 7 }), std::slice::from_ref(&up), encapsulated);
    check(Some(Route::Local), std::slice::from_ref(&up), Err(Unresolved::Local));
    check(Some(Route::NotUnicast), std::slice::from_ref(&up), Err(Unresolved::NotUnicast));
    check(Some(Route::None), &[up.clone(), fresh], Err(Unresolved::NoRoute));
    let blackhole = Err(Unresolved::Rejected(Rejection::Blackhole));
    check(Some(Route::Rejected(Rejection::Blackhole)), &[up], blackhole);
}

#[test]
fn waiting_ends() {
    let (mut tables, now) = (Tables::default(), Instant::now());
    let key = NeighbourKey { ifindex: 7, address: TARGET };
    tables.apply(Event::Link(link()));
    tables.asked(key, now, true);
    assert_eq!(tables.answer(&key, now + Duration::from_secs(2)), Answer::Pending);
    assert_eq!(tables.answer(&key, now + Duration::from_secs(3)), Answer::Unanswered);
}
