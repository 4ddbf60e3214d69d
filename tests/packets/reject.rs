//! Clients are told that there is no backend for them.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use etherparse::{
    Icmpv4Type, Icmpv6Type, IpHeaders, IpNumber, Ipv4Extensions, Ipv4Header, PacketBuilder,
    PacketBuilderStep, TcpHeader, icmpv4, icmpv6,
};
use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    unistd::Pid,
};
use xdp_lb_common::{
    DropReason,
    service::{Policy, Service, flag},
    slot::{NO_BACKEND, Slot},
};

use crate::{
    bench::Bench,
    case::{Case, Expect, Ingress, check, check_all, client, xdp_action},
    frame::{CLIENT_MAC, Frame, L4, tcp},
    state::ENTRIES,
};

const NO_ANSWER: Expect = Expect::Drop(DropReason::NoBackend);

fn tcp4(flags: u8) -> Frame {
    Frame::new(L4::Tcp(flags), "203.0.113.7:40000", "192.0.2.70:80")
}

fn tcp6(flags: u8) -> Frame {
    Frame::new(L4::Tcp(flags), "[2001:db8:1::7]:40000", "[2001:db8::70]:80")
}

fn udp4(payload: usize) -> Frame {
    Frame::new(L4::Udp, "203.0.113.7:40000", "192.0.2.70:53").payload(payload)
}

fn udp6(payload: usize) -> Frame {
    Frame::new(L4::Udp, "[2001:db8:1::7]:40000", "[2001:db8::70]:53").payload(payload)
}

/// The way back of a packet.
fn back(packet: &Frame) -> PacketBuilderStep<IpHeaders> {
    let ethernet = PacketBuilder::ethernet2(packet.macs.1, packet.macs.0);
    match (packet.to.ip(), packet.from.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let mut header =
                Ipv4Header::new(0, 64, IpNumber::TCP, from.octets(), to.octets()).expect("a header");
            header.dont_fragment = true;
            ethernet.ip(IpHeaders::Ipv4(header, Ipv4Extensions::default()))
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => ethernet.ipv6(from.octets(), to.octets(), 64),
        (from, to) => panic!("{from} and {to} are of different families"),
    }
}

/// The RST in answer to a packet.
fn reset(packet: &Frame, sequence: u32, acknowledgment: Option<u32>) -> Expect {
    let mut header = TcpHeader::new(packet.to.port(), packet.from.port(), sequence, 0);
    header.rst = true;
    header.ack = acknowledgment.is_some();
    header.acknowledgment_number = acknowledgment.unwrap_or_default();
    let mut bytes = Vec::new();
    back(packet).tcp_header(header).write(&mut bytes, &[]).expect("a packet");
    Expect::Answer(DropReason::NoBackend, bytes)
}

/// "Port unreachable" in answer to a packet, with that many bytes of it.
fn unreachable(packet: &Frame, quoted: usize) -> Expect {
    let mut bytes = Vec::new();
    let quote = &packet.bytes()[14..14 + quoted];
    let written = if packet.from.is_ipv4() {
        let kind = Icmpv4Type::DestinationUnreachable(icmpv4::DestUnreachableHeader::Port);
        back(packet).icmpv4(kind).write(&mut bytes, quote)
    } else {
        let kind = Icmpv6Type::DestinationUnreachable(icmpv6::DestUnreachableCode::Port);
        back(packet).icmpv6(kind).write(&mut bytes, quote)
    };
    written.expect("a packet");
    Expect::Answer(DropReason::NoBackend, bytes)
}

/// Bytes written over a packet from `at` on.
fn patched(name: &'static str, packet: &Frame, at: usize, bytes: &[u8], expect: Expect) -> Case {
    let mut packet = packet.bytes();
    packet[at..at + bytes.len()].copy_from_slice(bytes);
    Case { name, ingress: Ingress::In, packet, expect }
}

/// RFC 9293, section 3.10.7.1.
#[test]
fn a_segment_is_answered_by_an_rst() {
    let syn = tcp4(tcp::SYN).payload(0);
    let long = tcp4(tcp::ACK).payload(1460);
    let optional = tcp4(tcp::SYN).payload(0).options(&[1; 40]);
    let acknowledged = |flags: u8| (tcp4(flags), reset(&tcp4(flags), 77, None));
    let [data, fin, syn_ack] = [tcp::ACK, tcp::ACK | tcp::FIN, tcp::SYN | tcp::ACK].map(acknowledged);
    check_all(&[
        client("SYN", &syn, reset(&syn, 0, Some(1001))),
        client("SYN with data", &tcp4(tcp::SYN), reset(&tcp4(tcp::SYN), 0, Some(1034))),
        client("SYN, IPv4 options", &optional, reset(&optional, 0, Some(1001))),
        client("SYN, TTL 1", &syn.clone().ttl(1), reset(&syn, 0, Some(1001))),
        client("data", &data.0, data.1),
        client("data with FIN", &fin.0, fin.1),
        client("SYN with ACK", &syn_ack.0, syn_ack.1),
        client("a full frame", &long, reset(&long, 77, None)),
        client("FIN without ACK", &tcp4(tcp::FIN), reset(&tcp4(tcp::FIN), 0, Some(1034))),
        client("no flags", &tcp4(0), reset(&tcp4(0), 0, Some(1033))),
        client("SYN, IPv6", &tcp6(tcp::SYN).payload(0), reset(&tcp6(tcp::SYN), 0, Some(1001))),
        client("data, IPv6", &tcp6(tcp::ACK), reset(&tcp6(tcp::ACK), 77, None)),
        client("no flags, IPv6", &tcp6(0), reset(&tcp6(0), 0, Some(1033))),
        patched("the last sequence number", &syn, 38, &[0xff; 4], reset(&syn, 0, Some(0))),
        // Twelve bytes of the payload are options then.
        patched("TCP options", &tcp4(tcp::SYN), 46, &[0x80], reset(&tcp4(tcp::SYN), 0, Some(1022))),
    ]);
}

#[test]
fn nothing_is_answered_to_an_rst() {
    check_all(&[
        client("RST", &tcp4(tcp::RST), NO_ANSWER),
        client("RST with ACK", &tcp4(tcp::RST | tcp::ACK), NO_ANSWER),
        client("RST, IPv6", &tcp6(tcp::RST), NO_ANSWER),
    ]);
}

/// As much is quoted as makes 576 bytes with IPv4 (RFC 1812, section 4.3.2.3), 1280 with IPv6 (RFC 4443, section 2.4 (c)).
#[test]
fn a_datagram_is_answered_by_icmp() {
    let whole = |name, packet: &Frame| {
        let quoted = packet.bytes().len() - 14;
        client(name, packet, unreachable(packet, quoted))
    };
    let unsummed = Frame::new(L4::UdpUnsummed, "203.0.113.7:40000", "192.0.2.70:53");
    check_all(&[
        whole("an odd length", &udp4(33)),
        whole("one over a word", &udp4(37)),
        whole("two over a word", &udp4(38)),
        whole("no payload", &udp4(0)),
        whole("no checksum", &unsummed),
        whole("IPv4 options", &udp4(33).options(&[1; 40])),
        whole("as much as fits", &udp4(520)),
        client("one more", &udp4(521), unreachable(&udp4(521), 548)),
        client("a full frame", &udp4(1472), unreachable(&udp4(1472), 548)),
        client(
            "a full frame with IPv4 options",
            &udp4(1432).options(&[1; 40]),
            unreachable(&udp4(1432).options(&[1; 40]), 548),
        ),
        whole("IPv6", &udp6(33)),
        whole("IPv6, no payload", &udp6(0)),
        whole("IPv6, as much as fits", &udp6(1184)),
        client("IPv6, one more", &udp6(1185), unreachable(&udp6(1185), 1232)),
        client("IPv6, a full frame", &udp6(1452), unreachable(&udp6(1452), 1232)),
    ]);
}

#[test]
fn the_padding_of_short_frames_is_not_quoted() {
    let padded = |name, packet: &Frame, expect| {
        let mut bytes = packet.bytes();
        assert!(bytes.len() < 60);
        bytes.resize(60, 0x55);
        Case { name, ingress: Ingress::In, packet: bytes, expect }
    };
    let syn = tcp4(tcp::SYN).payload(0);
    check_all(&[
        padded("UDP", &udp4(1), unreachable(&udp4(1), 29)),
        padded("TCP", &syn, reset(&syn, 0, Some(1001))),
    ]);
}

/// RFC 1122, section 3.2.2; RFC 4443, section 2.4 (e); RFC 9293, section 3.9.2.3.
#[test]
fn groups_and_nobody_get_no_answer() {
    let mut cases = Vec::new();
    for source in
        ["0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"]
    {
        for packet in [udp4(33), tcp4(tcp::SYN)] {
            let from = format!("{source}:40000");
            cases.push(client(source, &packet.clone().between(&from, &packet.to.to_string()), NO_ANSWER));
        }
    }
    for source in ["[::]:40000", "[::1]:40000", "[ff02::1]:40000"] {
        for packet in [udp6(33), tcp6(tcp::SYN)] {
            cases.push(client(source, &packet.clone().between(source, &packet.to.to_string()), NO_ANSWER));
        }
    }
    let group = [1, 0, 0x5e, 0, 0, 1];
    for packet in [udp4(33), udp6(33), tcp4(tcp::SYN), tcp6(tcp::SYN)] {
        cases.push(client("broadcast", &packet.clone().macs(CLIENT_MAC, [0xff; 6]), NO_ANSWER));
        cases.push(client("multicast", &packet.clone().macs(CLIENT_MAC, group), NO_ANSWER));
        cases.push(client("from a group", &packet.macs(group, [2; 6]), NO_ANSWER));
    }
    check_all(&cases);
}

#[test]
fn the_neighbours_of_those_get_one() {
    let mut cases = Vec::new();
    for source in ["1.0.0.1:40000", "126.0.0.1:40000", "128.0.0.1:40000", "223.255.255.255:40000"] {
        let packet = tcp4(tcp::ACK).between(source, "192.0.2.70:80");
        let expect = reset(&packet, 77, None);
        cases.push(client(source, &packet, expect));
    }
    for source in ["[::2]:40000", "[::1:0:0:0:1]:40000", "[fe80::1]:40000"] {
        let packet = tcp6(tcp::ACK).between(source, "[2001:db8::70]:80");
        let expect = reset(&packet, 77, None);
        cases.push(client(source, &packet, expect));
    }
    check_all(&cases);
}

#[test]
fn only_where_it_is_asked_for_and_only_for_want_of_a_backend() {
    let to = |l4, vip| Frame::new(l4, "203.0.113.7:40000", vip);
    let mut broken = tcp4(tcp::SYN).bytes();
    broken[46] = 0x40;
    check_all(&[
        client("not asked for, TCP", &to(L4::Syn, "192.0.2.40:80"), NO_ANSWER),
        client("not asked for, UDP", &to(L4::Udp, "192.0.2.40:53"), NO_ANSWER),
        client("no next hop", &to(L4::Syn, "192.0.2.80:80"), Expect::Drop(DropReason::NoNextHop)),
        Case {
            name: "a broken header",
            ingress: Ingress::In,
            packet: broken,
            expect: Expect::Drop(DropReason::BadTcpHeader),
        },
    ]);
}

#[test]
fn an_answer_leaves_where_the_packet_came_in() {
    let mut bench = Bench::new();
    for (ingress, packet, expect) in [
        (Ingress::Out, tcp4(tcp::ACK), reset(&tcp4(tcp::ACK), 77, None)),
        (Ingress::Out, udp6(33), unreachable(&udp6(33), 81)),
    ] {
        check(&bench, &Case { name: "by the other interface", ingress, packet: packet.bytes(), expect });
    }
    bench.dataplane.redirect_only(true);
    for (packet, expect) in
        [(tcp6(tcp::ACK), reset(&tcp6(tcp::ACK), 77, None)), (udp4(33), unreachable(&udp4(33), 61))]
    {
        let Expect::Answer(reason, bytes) = expect else { panic!("an answer") };
        let outcome = bench.run(bench.inside, &packet.bytes());
        assert_eq!((outcome.action, outcome.reasons), (xdp_action::REDIRECT, vec![reason]));
        assert_eq!(outcome.frame, bytes);
    }
}

#[test]
fn connections_from_before_go_on_and_new_ones_are_refused() {
    let mut bench = Bench::new();
    for vip in ["192.0.2.10:80", "192.0.2.20:80"] {
        let service = index(vip);
        let leaving = Slot::default().moving(NO_BACKEND, service + 1);
        bench.dataplane.store_slots(service * 7, &[leaving; 7]);
        let policy = Policy { flags: flag::REJECT, ..Policy::default() };
        bench.dataplane.store_service(service, Service::new(service * 7, 7, policy));
        let old = Frame::new(L4::Ack, "203.0.113.7:40000", vip);
        let outcome = bench.run(bench.inside, &old.bytes());
        assert_eq!((outcome.action, outcome.reasons), (xdp_action::REDIRECT, vec![]), "{vip}");
        let new = Frame::new(L4::Syn, "203.0.113.7:40001", vip).payload(0);
        check(&bench, &client(vip, &new, reset(&new, 0, Some(1001))));
    }
}

#[test]
fn what_is_answered_counts_as_dropped_too() {
    let bench = Bench::new();
    let (syn, rst) = (tcp4(tcp::SYN), tcp4(tcp::RST));
    for packet in [&syn, &syn, &rst] {
        bench.run(bench.inside, &packet.bytes());
    }
    let counters = bench.dataplane.reader().service(index("192.0.2.70:80")).expect("counters");
    let bytes = 3 * syn.bytes().len() as u64;
    assert_eq!((counters.dropped_packets, counters.dropped_bytes, counters.rejected_packets), (3, bytes, 2));
}

#[test]
fn each_cpu_sends_a_thousand_a_second() {
    const LIMIT: u64 = 1000;
    const SENT: u64 = 5 * LIMIT;
    on_one_cpu();
    let bench = Bench::new();
    let answered = |packet: &Frame| bench.run(bench.inside, &packet.bytes()).action == xdp_action::TX;
    // What gets no answer takes nobody's place.
    assert!((0..2 * LIMIT).all(|_| !answered(&tcp4(tcp::RST))));
    let start = Instant::now();
    let both = [tcp4(tcp::SYN), udp6(33)];
    let count = both.iter().cycle().take(SENT as usize).filter(|packet| answered(packet)).count() as u64;
    // As many seconds as the kernel's clock can have begun meanwhile.
    let seconds = start.elapsed().as_secs() + 2;
    assert!((LIMIT..=seconds * LIMIT).contains(&count), "{count} answers within {seconds} seconds");
    // No daemon says what time it is, and yet there are answers again.
    std::thread::sleep(Duration::from_millis(1100));
    assert!(answered(&tcp4(tcp::SYN)));
}

/// Keeps the calling thread where it may be.
fn on_one_cpu() {
    let thread = Pid::from_raw(0);
    let allowed = sched_getaffinity(thread).expect("the CPUs");
    let first = (0..CpuSet::count()).find(|&cpu| allowed.is_set(cpu) == Ok(true)).expect("a CPU");
    let mut one = CpuSet::new();
    one.set(first).expect("a CPU");
    sched_setaffinity(thread, &one).expect("the CPU");
}

/// The service of a VIP.
fn index(vip: &str) -> u32 {
    ENTRIES.iter().position(|entry| entry.vip == vip).expect("a service") as u32
}
