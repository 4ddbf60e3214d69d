//! Clients' packets to dsr services: only the MAC addresses change.

use crate::{
    case::{Expect, check_all, client},
    frame::{BACKEND_MAC, Frame, L4},
    nat::OUT_MAC,
};

#[test]
fn only_mac_addresses_change() {
    let four = |l4, port| Frame::new(l4, "203.0.113.7:40000", &format!("192.0.2.20:{port}"));
    let six = |l4| Frame::new(l4, "[2001:db8:1::7]:40000", "[2001:db8::20]:80");
    let sent = |packet: Frame| Expect::Redirect(packet.macs(OUT_MAC, BACKEND_MAC));
    check_all(&[
        client("IPv4 TCP", &four(L4::Syn, 80), sent(four(L4::Syn, 80))),
        client("IPv4 UDP", &four(L4::Udp, 53), sent(four(L4::Udp, 53))),
        client("IPv6 TCP", &six(L4::Ack), sent(six(L4::Ack))),
        // Nothing is routed here: the packet stays on its link.
        client("TTL 1", &four(L4::Ack, 80).ttl(1), sent(four(L4::Ack, 80).ttl(1))),
        client(
            "IPv4 options",
            &four(L4::Ack, 80).options(&[1; 12]),
            sent(four(L4::Ack, 80).options(&[1; 12])),
        ),
    ]);
}
