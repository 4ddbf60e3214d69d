//! Backends' replies.

use xdp_lb_common::DropReason;

use crate::{
    bench::Bench,
    case::{Case, Expect, Ingress, backend, check, check_all},
    frame::{BACKEND_MAC, CLIENT_MAC, Frame, L4},
    nat::{IN_MAC, OUT_MAC},
};

fn reply(l4: L4, from: &str, to: &str) -> Frame {
    Frame::new(l4, from, to).macs(BACKEND_MAC, OUT_MAC)
}

/// What the client gets for `packet`: from the VIP, routed.
fn routed(packet: &Frame, vip: &str) -> Frame {
    let to = packet.to.to_string();
    packet.clone().between(vip, &to).ttl(packet.ttl - 1).macs(IN_MAC, CLIENT_MAC)
}

#[test]
fn source_becomes_the_vip() {
    let tcp = reply(L4::Ack, "10.0.1.11:8080", "203.0.113.7:40000");
    let near = reply(L4::Ack, "10.0.1.11:8080", "10.0.0.2:40000");
    let udp = reply(L4::Udp, "10.0.1.11:5353", "203.0.113.7:40000");
    let unsummed = reply(L4::UdpUnsummed, "10.0.1.11:5353", "203.0.113.7:40000");
    let tcp6 = reply(L4::Ack, "[fd00:1::11]:8080", "[2001:db8:1::7]:40000");
    let udp6 = reply(L4::Udp, "[fd00:1::11]:5353", "[2001:db8:1::7]:40000");
    let from = |packet: &Frame, vip| Expect::Redirect(routed(packet, vip));
    check_all(&[
        backend("IPv4 TCP by a gateway", &tcp, from(&tcp, "192.0.2.10:80")),
        backend("IPv4 TCP on the link", &near, from(&near, "192.0.2.10:80")),
        backend("IPv4 UDP", &udp, from(&udp, "192.0.2.10:53")),
        backend("IPv4 UDP without a checksum", &unsummed, from(&unsummed, "192.0.2.10:53")),
        backend("IPv6 TCP", &tcp6, from(&tcp6, "[2001:db8::10]:80")),
        backend("IPv6 UDP", &udp6, from(&udp6, "[2001:db8::10]:53")),
        backend(
            "IPv4 options",
            &tcp.clone().options(&[1; 8]),
            from(&tcp.clone().options(&[1; 8]), "192.0.2.10:80"),
        ),
    ]);
}

#[test]
fn a_reply_to_the_interface_it_came_from_is_transmitted() {
    let packet = Frame::new(L4::Ack, "10.0.0.50:80", "203.0.113.7:40000").macs(BACKEND_MAC, IN_MAC);
    let expect = Expect::Transmit(routed(&packet, "192.0.2.30:80"));
    check_all(&[Case { name: "hairpin", ingress: Ingress::In, packet: packet.bytes(), expect }]);
}

#[test]
fn the_kernel_routes_what_only_it_can() {
    // Nobody has asked for 10.0.0.99 yet; 198.51.100.0/24 has a small MTU. Only addresses and ports are changed then.
    let unresolved = reply(L4::Ack, "10.0.1.11:8080", "10.0.0.99:40000");
    let unresolved6 = reply(L4::Ack, "[fd00:1::11]:8080", "[fd00::99]:40000");
    let big = reply(L4::Ack, "10.0.1.11:8080", "198.51.100.7:40000").payload(1000);
    let translated = |packet: &Frame, vip| {
        let to = packet.to.to_string();
        Expect::PassChanged(packet.clone().between(vip, &to))
    };
    check_all(&[
        backend("IPv4 neighbour unresolved", &unresolved, translated(&unresolved, "192.0.2.10:80")),
        backend("IPv6 neighbour unresolved", &unresolved6, translated(&unresolved6, "[2001:db8::10]:80")),
        backend("too big for the route", &big, translated(&big, "192.0.2.10:80")),
    ]);
}

/// Older kernels count a neighbour that they are still asking for as found; its address is all zeros then.
#[test]
fn a_neighbour_without_an_address_is_unresolved() {
    let bench = Bench::new();
    bench.ip("neigh add 10.0.0.97 lladdr 00:00:00:00:00:00 dev in0 nud permanent");
    let packet = reply(L4::Ack, "10.0.1.11:8080", "10.0.0.97:40000");
    let translated = packet.clone().between("192.0.2.10:80", "10.0.0.97:40000");
    check(&bench, &backend("no address", &packet, Expect::PassChanged(translated)));
}

/// The kernel routes what the client gets: the port that rules see is the service's.
#[test]
fn rules_see_the_port_of_the_vip() {
    let bench = Bench::new();
    bench.ip("rule add sport 80 ipproto 6 prohibit");
    let packet = reply(L4::Ack, "10.0.1.11:8080", "203.0.113.7:40000");
    check(&bench, &backend("by the VIP's", &packet, Expect::Drop(DropReason::NoRouteToClient)));
    bench.ip("rule del sport 80 ipproto 6 prohibit");
    bench.ip("rule add sport 8080 ipproto 6 prohibit");
    check(&bench, &backend("by the backend's", &packet, Expect::Redirect(routed(&packet, "192.0.2.10:80"))));
}

/// Without any route it is the kernel's, untouched, as what is for the host itself.
#[test]
fn no_route_at_all_is_left_to_the_kernel() {
    let packet = reply(L4::Ack, "10.0.1.11:8080", "100.64.0.1:40000");
    check_all(&[backend("no route", &packet, Expect::Pass)]);
}

#[test]
fn an_unresolved_next_hop_is_asked_for() {
    let mut bench = Bench::new();
    let packets = [
        (reply(L4::Ack, "10.0.1.11:8080", "10.0.0.99:40000"), "10.0.0.99"),
        (reply(L4::Ack, "10.0.1.11:8080", "203.0.114.9:40000"), "10.0.0.98"),
        (reply(L4::Ack, "[fd00:1::11]:8080", "[fd00::99]:40000"), "fd00::99"),
        (reply(L4::Ack, "10.0.1.11:8080", "203.0.115.9:40000"), "fd00::97"),
    ];
    bench.ip("route add 203.0.114.0/24 via 10.0.0.98");
    bench.ip("route add 203.0.115.0/24 via inet6 fd00::97");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (asked, mut missed) = tokio::sync::mpsc::channel(8);
        bench.dataplane.forward_misses(asked).expect("the ring buffer");
        for (packet, next_hop) in packets {
            bench.run(bench.outside, &packet.bytes());
            let miss = tokio::time::timeout(std::time::Duration::from_secs(10), missed.recv()).await;
            let expected = (bench.inside.0, next_hop.parse().expect("an address"));
            assert_eq!(miss.expect("a miss in time"), Some(expected), "{packet:?}");
        }
    });
}

#[test]
fn answers_to_health_checks_pass_untouched() {
    check_all(&[
        backend("IPv4", &reply(L4::Ack, "10.0.1.11:8080", "10.0.1.1:50000"), Expect::Pass),
        backend("IPv6", &reply(L4::Ack, "[fd00:1::11]:8080", "[fd00:1::1]:50000"), Expect::Pass),
    ]);
}

#[test]
fn replies_that_cannot_be_sent_are_dropped_with_their_reason() {
    let blackhole = reply(L4::Ack, "10.0.1.11:8080", "198.18.0.7:40000");
    let blackhole6 = reply(L4::Ack, "[fd00:1::11]:8080", "[2001:db8:2::7]:40000");
    let expired = reply(L4::Ack, "10.0.1.11:8080", "203.0.113.7:40000").ttl(1);
    check_all(&[
        backend("IPv4 blackhole", &blackhole, Expect::Drop(DropReason::NoRouteToClient)),
        backend("IPv6 blackhole", &blackhole6, Expect::Drop(DropReason::NoRouteToClient)),
        backend("TTL", &expired, Expect::Drop(DropReason::TtlExpired)),
    ]);
}

#[test]
fn a_round_trip_is_counted_on_both_sides() {
    let bench = Bench::new();
    let before = bench.dataplane.reader().backend(1).expect("counters");
    assert_eq!(before, xdp_lb_common::counters::BackendCounters::default());
    let there = Frame::new(L4::Syn, "203.0.113.7:40000", "192.0.2.10:80").bytes();
    let back = reply(L4::Ack, "10.0.1.11:8080", "203.0.113.7:40000").payload(500).bytes();
    bench.run(bench.inside, &there);
    bench.run(bench.outside, &back);
    bench.run(bench.outside, &back);
    let counted = bench.dataplane.reader().backend(1).expect("counters");
    assert_eq!((counted.packets, counted.bytes, counted.connections), (1, there.len() as u64, 1));
    assert_eq!((counted.reply_packets, counted.reply_bytes), (2, 2 * back.len() as u64));

    let unserved = Frame::new(L4::Syn, "203.0.113.7:40000", "192.0.2.40:80").bytes();
    bench.run(bench.inside, &unserved);
    let service = bench.dataplane.reader().service(5).expect("counters");
    assert_eq!((service.dropped_packets, service.dropped_bytes), (1, unserved.len() as u64));
}
