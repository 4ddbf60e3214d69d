//! The watcher against the real kernel, in network namespaces of its own. Needs root.

#[cfg(test)]
mod net_lab;

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use net_lab::{Following, Lab, OUR_MAC, PEER_MAC, goes_to};
use xdp_lb::net::{DownCause, Forwarding, NextHop, Rejection, Unresolved, forwarding, links};

/// Long enough for one round of ARP on a busy machine.
const SOON: Duration = Duration::from_secs(4);
/// Long enough for the kernel to have given up on a neighbour.
const GIVEN_UP: Duration = Duration::from_secs(8);

fn is(reason: Unresolved) -> impl Fn(&NextHop) -> bool {
    move |next_hop| *next_hop == NextHop::Unresolved(reason.clone())
}

fn down(cause: DownCause) -> impl Fn(&NextHop) -> bool {
    is(Unresolved::InterfaceDown { interface: "lb0".to_owned(), cause })
}

#[test]
fn on_link_targets_and_their_mac_changes() {
    let lab = Lab::new();
    lab.run(async || {
        let mut following = Following::start(&["10.77.0.2", "fd77::2", "10.77.0.1", "127.0.0.1"]).await;
        for target in ["10.77.0.2", "fd77::2"] {
            let next_hop = following.expect(target, SOON, goes_to(PEER_MAC)).await;
            assert_eq!(next_hop.resolved().and_then(|resolved| resolved.gateway), None);
        }
        following.expect("10.77.0.1", SOON, is(Unresolved::Local)).await;
        following.expect("127.0.0.1", SOON, is(Unresolved::Local)).await;

        // The peer announces its new address itself.
        lab.peer_sysctl("ipv4/conf/be0/arp_notify", "1");
        lab.peer("link set be0 address 02:00:00:00:00:99");
        following.expect("10.77.0.2", SOON, goes_to([2, 0, 0, 0, 0, 0x99])).await;

        lab.ours("link set lb0 address 02:00:00:00:00:77");
        let moved = |next_hop: &NextHop| {
            next_hop.resolved().is_some_and(|resolved| resolved.source_mac == [2, 0, 0, 0, 0, 0x77])
        };
        following.expect("10.77.0.2", SOON, moved).await;
    });
}

#[test]
fn targets_behind_gateways() {
    let lab = Lab::new();
    lab.ours("route add 192.0.2.0/24 via 10.77.0.2");
    lab.ours("route add 198.51.100.0/24 via inet6 fd77::2 dev lb0");
    lab.ours("-6 route add 2001:db8::/64 via fe80::2 dev lb0");
    lab.ours("route add blackhole 203.0.113.0/24");
    lab.ours("-6 route add unreachable 2001:db8:1::/64");
    lab.run(async || {
        let targets =
            ["192.0.2.1", "198.51.100.1", "2001:db8::1", "203.0.113.1", "2001:db8:1::1", "100.64.0.1"];
        let mut following = Following::start(&targets).await;
        for (target, gateway) in
            [("192.0.2.1", "10.77.0.2"), ("198.51.100.1", "fd77::2"), ("2001:db8::1", "fe80::2")]
        {
            let next_hop = following.expect(target, SOON, goes_to(PEER_MAC)).await;
            let gateway: Option<IpAddr> = gateway.parse().ok();
            assert_eq!(next_hop.resolved().and_then(|resolved| resolved.gateway), gateway);
        }
        following.expect("203.0.113.1", SOON, is(Unresolved::Rejected(Rejection::Blackhole))).await;
        following.expect("2001:db8:1::1", SOON, is(Unresolved::Rejected(Rejection::Unreachable))).await;
        following.expect("100.64.0.1", SOON, is(Unresolved::NoRoute)).await;

        lab.ours("route del 192.0.2.0/24");
        following.expect("192.0.2.1", SOON, is(Unresolved::NoRoute)).await;
        lab.ours("route add 192.0.2.1 via 10.77.0.2 table 100");
        lab.ours("rule add to 192.0.2.1 lookup 100");
        following.expect("192.0.2.1", SOON, goes_to(PEER_MAC)).await;
        lab.ours("rule del to 192.0.2.1 lookup 100");
        following.expect("192.0.2.1", SOON, is(Unresolved::NoRoute)).await;
        lab.ours("nexthop add id 7 via 10.77.0.2 dev lb0");
        lab.ours("route add 192.0.2.0/24 nhid 7");
        following.expect("192.0.2.1", SOON, goes_to(PEER_MAC)).await;
    });
}

#[test]
fn interfaces_that_cannot_send() {
    let lab = Lab::new();
    lab.run(async || {
        let mut following = Following::start(&["10.77.0.2"]).await;
        following.expect("10.77.0.2", SOON, goes_to(PEER_MAC)).await;
        lab.ours("link set lb0 down");
        following.expect("10.77.0.2", SOON, down(DownCause::Admin)).await;
        lab.ours("link set lb0 up");
        following.expect("10.77.0.2", SOON, goes_to(PEER_MAC)).await;
        lab.peer("link set be0 down");
        following.expect("10.77.0.2", SOON, down(DownCause::NoCarrier)).await;
        lab.peer("link set be0 up");
        following.expect("10.77.0.2", SOON, goes_to(PEER_MAC)).await;
        lab.peer("link delete be0");
        following.expect("10.77.0.2", SOON, down(DownCause::Gone)).await;
    });
}

#[test]
fn neighbours_that_do_not_answer() {
    let lab = Lab::new();
    // The kernel's own times, shortened: how long it trusts an answer, and how long it waits before it asks again.
    for family in ["ipv4", "ipv6"] {
        lab.our_sysctl(&format!("{family}/neigh/lb0/base_reachable_time_ms"), "2000");
        lab.our_sysctl(&format!("{family}/neigh/lb0/delay_first_probe_time"), "1");
    }
    lab.run(async || {
        let silent = |target: &str| {
            let next_hop = target.parse().expect("an address");
            is(Unresolved::NoNeighbour { interface: "lb0".to_owned(), next_hop })
        };
        let mut following = Following::start(&["10.77.0.2", "fd77::2", "10.77.0.66"]).await;
        following.expect("10.77.0.66", SOON, is(Unresolved::Pending)).await;
        following.expect("10.77.0.2", SOON, goes_to(PEER_MAC)).await;
        following.expect("fd77::2", SOON, goes_to(PEER_MAC)).await;
        let next_hop = following.expect("10.77.0.66", GIVEN_UP, silent("10.77.0.66")).await;
        assert_eq!(next_hop.to_string(), "no neighbour entry for 10.77.0.66 on lb0 (ARP unanswered)");

        // It does not look as if there were hope each time the kernel asks again.
        following.stays("10.77.0.66", GIVEN_UP, silent("10.77.0.66")).await;
        following.stays("10.77.0.2", Duration::ZERO, goes_to(PEER_MAC)).await;

        lab.peer("address flush dev be0");
        following.expect("10.77.0.2", 3 * GIVEN_UP, silent("10.77.0.2")).await;
        following.expect("fd77::2", 3 * GIVEN_UP, silent("fd77::2")).await;
        lab.peer("address add 10.77.0.2/24 dev be0");
        following.expect("10.77.0.2", GIVEN_UP, goes_to(PEER_MAC)).await;
    });
}

#[test]
fn entries_set_by_hand_and_entries_forgotten() {
    let lab = Lab::new();
    lab.ours("neighbour add 10.77.0.50 lladdr 02:00:00:00:00:50 dev lb0 nud permanent");
    lab.run(async || {
        let mut following = Following::start(&["10.77.0.2", "10.77.0.50"]).await;
        following.expect("10.77.0.50", SOON, goes_to([2, 0, 0, 0, 0, 0x50])).await;
        following.expect("10.77.0.2", SOON, goes_to(PEER_MAC)).await;
        lab.ours("neighbour del 10.77.0.2 dev lb0");
        following.stays("10.77.0.2", SOON, goes_to(PEER_MAC)).await;
        let entries = lab.show("neighbour show dev lb0");
        assert!(entries.contains("10.77.0.2 lladdr 02:00:00:00:00:02"), "not resolved again: {entries}");
        assert!(entries.contains("PERMANENT"), "no longer permanent: {entries}");
    });
}

#[test]
fn ten_thousand_targets_and_lost_events() {
    let lab = Lab::new();
    lab.ours("route add 10.0.0.0/8 via 10.77.0.2");
    lab.run(async || {
        let mut following = Following::start(&["10.1.39.16"]).await;
        following.expect("10.1.39.16", SOON, goes_to(PEER_MAC)).await;
        let targets: BTreeSet<IpAddr> =
            (0..10_001).map(|n: u32| IpAddr::V4((0x0a01_0000 + n).into())).collect();
        let mut next_hops = following.watcher.next_hops();
        following.watcher.set_targets(targets);
        following.expect("10.1.0.0", SOON, goes_to(PEER_MAC)).await;
        assert_eq!(next_hops.borrow_and_update().len(), 10_001);
        assert!(next_hops.borrow().values().all(goes_to(PEER_MAC)));

        // This thread is the watcher's too: while it waits here, nobody reads the changes.
        let mut batch: Vec<_> = (0..40_000_u32)
            .map(|n| format!("route add blackhole {}", std::net::Ipv4Addr::from(0x0b00_0000 + n)))
            .collect();
        batch.push("route del 10.0.0.0/8\n".to_owned());
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), batch.join("\n")).expect("a batch");
        lab.ours(&format!("-batch {}", file.path().display()));
        following.expect("10.1.0.0", SOON, is(Unresolved::NoRoute)).await;
        lab.ours("route add 10.0.0.0/8 via 10.77.0.2");
        following.expect("10.1.0.0", SOON, goes_to(PEER_MAC)).await;
    });
}

#[test]
fn interfaces_as_listed_and_as_followed() {
    let lab = Lab::new();
    lab.our_sysctl("ipv4/conf/lb0/forwarding", "1");
    lab.run(async || {
        assert_eq!(forwarding("lb0"), Forwarding { v4: true, v6: false });
        let listed = links().await.expect("a list");
        let link = listed.iter().find(|link| link.name == "lb0").expect("lb0");
        assert_eq!((link.mac, link.kind.as_deref()), (Some(OUR_MAC), Some("veth")));
        assert_eq!((link.mtu, link.up, link.carrier), (1500, true, true));
        assert_eq!(link.xdp, None);
        assert_eq!(listed.iter().find(|link| link.name == "lo").expect("lo").mac, None);

        let following = Following::start(&[]).await;
        let mut followed = following.watcher.links();
        assert_eq!(*followed.borrow_and_update().as_ref(), listed);
        lab.ours("link set lb0 mtu 9000");
        tokio::time::timeout(SOON, followed.changed()).await.expect("news").expect("a watcher");
        assert!(followed.borrow().iter().any(|link| link.name == "lb0" && link.mtu == 9000));
        drop(following);
        tokio::time::timeout(SOON, async { while followed.changed().await.is_ok() {} })
            .await
            .expect("an end");
    });
}
