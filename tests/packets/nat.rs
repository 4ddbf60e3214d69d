//! Clients' packets to nat services.

use xdp_lb_common::DropReason;

use crate::{
    bench::Bench,
    case::{Expect, check, check_all, client},
    frame::{BACKEND_MAC, Frame, L4},
};

/// MAC address of the bench's outside interface.
pub(crate) const OUT_MAC: [u8; 6] = [2, 0, 0, 0, 2, 0];
/// And of its inside interface.
pub(crate) const IN_MAC: [u8; 6] = [2, 0, 0, 0, 1, 0];

/// A packet that is readdressed from `vip` to `backend` behind the outside interface.
fn translated(packet: &Frame, backend: &str) -> Frame {
    let from = packet.from.to_string();
    packet.clone().between(&from, backend).ttl(packet.ttl - 1).macs(OUT_MAC, BACKEND_MAC)
}

#[test]
fn destination_is_rewritten() {
    let tcp = |l4| Frame::new(l4, "203.0.113.7:40000", "192.0.2.10:80");
    let six = |l4| Frame::new(l4, "[2001:db8:1::7]:40000", "[2001:db8::10]:80");
    let udp = Frame::new(L4::Udp, "203.0.113.7:40000", "192.0.2.10:53");
    let unsummed = Frame::new(L4::UdpUnsummed, "203.0.113.7:40000", "192.0.2.10:53");
    let udp6 = Frame::new(L4::Udp, "[2001:db8:1::7]:40000", "[2001:db8::10]:53");
    let to = |packet: &Frame, backend| Expect::Redirect(translated(packet, backend));
    check_all(&[
        client("IPv4 TCP SYN", &tcp(L4::Syn), to(&tcp(L4::Syn), "10.0.1.11:8080")),
        client("IPv4 TCP ACK", &tcp(L4::Ack), to(&tcp(L4::Ack), "10.0.1.11:8080")),
        client("IPv4 UDP", &udp, to(&udp, "10.0.1.11:5353")),
        client("IPv4 UDP without a checksum keeps none", &unsummed, to(&unsummed, "10.0.1.11:5353")),
        client("IPv6 TCP SYN", &six(L4::Syn), to(&six(L4::Syn), "[fd00:1::11]:8080")),
        client("IPv6 TCP ACK", &six(L4::Ack), to(&six(L4::Ack), "[fd00:1::11]:8080")),
        client("IPv6 UDP", &udp6, to(&udp6, "[fd00:1::11]:5353")),
        client("no payload", &udp.clone().payload(0), to(&udp.clone().payload(0), "10.0.1.11:5353")),
        client(
            "a full frame",
            &tcp(L4::Ack).payload(1460),
            to(&tcp(L4::Ack).payload(1460), "10.0.1.11:8080"),
        ),
        client(
            "IPv4 options",
            &tcp(L4::Ack).options(&[7, 7, 4, 0, 0, 0, 0, 0]),
            to(&tcp(L4::Ack).options(&[7, 7, 4, 0, 0, 0, 0, 0]), "10.0.1.11:8080"),
        ),
        client(
            "the longest IPv4 options",
            &tcp(L4::Ack).options(&[1; 40]),
            to(&tcp(L4::Ack).options(&[1; 40]), "10.0.1.11:8080"),
        ),
    ]);
}

#[test]
fn a_backend_on_the_clients_side_is_reached_by_the_same_interface() {
    let four = Frame::new(L4::Syn, "203.0.113.7:40000", "192.0.2.30:80");
    let six = Frame::new(L4::Syn, "[2001:db8:1::7]:40000", "[2001:db8::30]:80");
    let back =
        |packet: &Frame, backend| Expect::Transmit(translated(packet, backend).macs(IN_MAC, BACKEND_MAC));
    check_all(&[
        client("IPv4", &four, back(&four, "10.0.0.50:80")),
        client("IPv6", &six, back(&six, "[fd00::50]:80")),
    ]);
}

#[test]
fn where_the_driver_wants_it_all_packets_are_redirected() {
    let mut bench = Bench::new();
    bench.dataplane.redirect_only(true);
    let packet = Frame::new(L4::Syn, "203.0.113.7:40000", "192.0.2.30:80");
    let back = translated(&packet, "10.0.0.50:80").macs(IN_MAC, BACKEND_MAC);
    check(&bench, &client("hairpin", &packet, Expect::Redirect(back)));
}

#[test]
fn ttl_is_that_of_a_router() {
    let four = |ttl| Frame::new(L4::Ack, "203.0.113.7:40000", "192.0.2.10:80").ttl(ttl);
    let six = |ttl| Frame::new(L4::Ack, "[2001:db8:1::7]:40000", "[2001:db8::10]:80").ttl(ttl);
    check_all(&[
        client("IPv4, 255", &four(255), Expect::Redirect(translated(&four(255), "10.0.1.11:8080"))),
        client("IPv4, 2", &four(2), Expect::Redirect(translated(&four(2), "10.0.1.11:8080"))),
        client("IPv4, 1", &four(1), Expect::Drop(DropReason::TtlExpired)),
        client("IPv4, 0", &four(0), Expect::Drop(DropReason::TtlExpired)),
        client("IPv6, 2", &six(2), Expect::Redirect(translated(&six(2), "[fd00:1::11]:8080"))),
        client("IPv6, 1", &six(1), Expect::Drop(DropReason::TtlExpired)),
    ]);
}

#[test]
fn what_cannot_be_served_is_dropped_with_its_reason() {
    let to = |vip| Frame::new(L4::Syn, "203.0.113.7:40000", vip);
    let six = Frame::new(L4::Syn, "[2001:db8:1::7]:40000", "[2001:db8::40]:80");
    check_all(&[
        client("no backend", &to("192.0.2.40:80"), Expect::Drop(DropReason::NoBackend)),
        client("no backend, IPv6", &six, Expect::Drop(DropReason::NoBackend)),
        client("no next hop", &to("192.0.2.50:80"), Expect::Drop(DropReason::NoNextHop)),
        client("not our interface", &to("192.0.2.60:80"), Expect::Drop(DropReason::NoDevice)),
    ]);
}
