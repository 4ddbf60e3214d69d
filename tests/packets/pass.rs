//! What is not for a service passes to the kernel, untouched.

use etherparse::PacketBuilder;

use crate::{
    case::{Case, Expect, Ingress, backend, check_all, client},
    frame::{BACKEND_MAC, CLIENT_MAC, Frame, L4},
};

fn raw(name: &'static str, packet: Vec<u8>) -> Case {
    Case { name, ingress: Ingress::In, packet, expect: Expect::Pass }
}

#[test]
fn other_addresses_ports_and_protocols() {
    let packet = |l4, to| Frame::new(l4, "203.0.113.7:40000", to);
    check_all(&[
        client("another address", &packet(L4::Syn, "192.0.2.11:80"), Expect::Pass),
        client("another port", &packet(L4::Syn, "192.0.2.10:81"), Expect::Pass),
        client("another protocol", &packet(L4::Udp, "192.0.2.10:80"), Expect::Pass),
        client("IPv6", &Frame::new(L4::Syn, "[2001:db8:1::7]:1", "[2001:db8::11]:80"), Expect::Pass),
        // A dsr backend answers by itself; what it sends otherwise is not looked at.
        backend(
            "from a dsr backend",
            &packet(L4::Ack, "203.0.113.9:1").between("10.0.1.12:80", "203.0.113.7:1"),
            Expect::Pass,
        ),
        backend(
            "a backend's other port",
            &packet(L4::Ack, "203.0.113.7:1").between("10.0.1.11:22", "203.0.113.7:1"),
            Expect::Pass,
        ),
        // The direction matters: the source of a request is not a destination.
        client("to a backend's address", &packet(L4::Syn, "10.0.1.11:8080"), Expect::Pass),
        client(
            "from the VIP",
            &packet(L4::Syn, "203.0.113.9:1").between("192.0.2.10:80", "203.0.113.7:1"),
            Expect::Pass,
        ),
    ]);
}

#[test]
fn what_is_neither_tcp_nor_udp() {
    let mut bytes = Vec::new();
    PacketBuilder::ethernet2(CLIENT_MAC, [0; 6])
        .ipv4([203, 0, 113, 7], [192, 0, 2, 10], 64)
        .icmpv4_echo_request(1, 1)
        .write(&mut bytes, &[0; 32])
        .expect("a packet");
    let mut six = Vec::new();
    PacketBuilder::ethernet2(CLIENT_MAC, [0; 6])
        .ipv6([0x20; 16], [0x20; 16], 64)
        .icmpv6_echo_request(1, 1)
        .write(&mut six, &[0; 32])
        .expect("a packet");
    let mut arp = [&[0xff; 6][..], &CLIENT_MAC, &[8, 6], &[0, 1, 8, 0, 6, 4, 0, 1], &[0; 20]].concat();
    arp.resize(60, 0);
    let mut vlan = Vec::new();
    PacketBuilder::ethernet2(CLIENT_MAC, BACKEND_MAC)
        .single_vlan(5.try_into().expect("a VLAN"))
        .ipv4([203, 0, 113, 7], [192, 0, 2, 10], 64)
        .tcp(40000, 80, 1, 1)
        .syn()
        .write(&mut vlan, &[])
        .expect("a packet");
    let unheard_of = [&[2; 12][..], &[0x12, 0x34], &[0; 46]].concat();
    check_all(&[
        raw("ICMP", bytes),
        raw("ICMPv6", six),
        raw("ARP", arp),
        raw("802.1Q", vlan),
        raw("an unheard-of type", unheard_of),
        raw("an Ethernet header alone", vec![8; 14]),
    ]);
}

#[test]
fn fragments_and_extension_headers() {
    let mut first = Frame::new(L4::Ack, "203.0.113.7:40000", "192.0.2.10:80").bytes();
    first[20] |= 0x20; // more fragments
    let mut later = Frame::new(L4::Ack, "203.0.113.7:40000", "192.0.2.10:80").bytes();
    later[21] = 9; // fragment offset
    let mut unfragmented = Frame::new(L4::Ack, "203.0.113.7:40000", "203.0.113.1:80").bytes();
    unfragmented[20] |= 0x40; // don't fragment
    let mut extended = Frame::new(L4::Ack, "[2001:db8:1::7]:40000", "[2001:db8::10]:80").bytes();
    extended[20] = 0; // hop-by-hop options
    check_all(&[
        raw("the first fragment", first),
        raw("a later fragment", later),
        raw("not for a service, don't fragment", unfragmented),
        raw("IPv6 extension header", extended),
    ]);
}
