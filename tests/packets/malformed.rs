//! Broken packets: dropped with a reason where it can be told that they are for a service, the kernel's otherwise.

use xdp_lb_common::DropReason;

use crate::{
    case::{Case, Expect, Ingress, check_all},
    frame::{Frame, L4},
};

fn tcp4() -> Frame {
    Frame::new(L4::Ack, "203.0.113.7:40000", "192.0.2.10:80")
}

fn tcp6() -> Frame {
    Frame::new(L4::Ack, "[2001:db8:1::7]:40000", "[2001:db8::10]:80")
}

fn udp4() -> Frame {
    Frame::new(L4::Udp, "203.0.113.7:40000", "192.0.2.10:53")
}

/// `frame` with `bytes` written over it from `at` on.
fn case(name: &'static str, frame: &Frame, at: usize, bytes: &[u8], expect: Expect) -> Case {
    let mut packet = frame.bytes();
    packet[at..at + bytes.len()].copy_from_slice(bytes);
    Case { name, ingress: Ingress::In, packet, expect }
}

#[test]
fn lengths_that_contradict_each_other() {
    let (ip, tcp, udp) = (DropReason::BadIpLength, DropReason::BadTcpHeader, DropReason::BadUdpLength);
    let total = |length: u16| length.to_be_bytes();
    check_all(&[
        case("IPv4 length beyond the frame", &tcp4(), 16, &total(1500), Expect::Drop(ip)),
        case("IPv4 length one beyond the frame", &tcp4(), 16, &total(74), Expect::Drop(ip)),
        case("IPv4 length under its header", &tcp4(), 16, &total(19), Expect::Drop(ip)),
        case("IPv4 length 0", &tcp4(), 16, &total(0), Expect::Drop(ip)),
        case("IPv4 length leaves half a TCP header", &tcp4(), 16, &total(30), Expect::Drop(tcp)),
        case("IPv6 length beyond the frame", &tcp6(), 18, &total(1500), Expect::Drop(ip)),
        case("IPv6 length 65535", &tcp6(), 18, &total(65_535), Expect::Drop(ip)),
        // A jumbogram (RFC 2675) would say 0 and carry an option; without one there is no room for TCP.
        case("IPv6 length 0", &tcp6(), 18, &total(0), Expect::Drop(tcp)),
        case("TCP offset 4", &tcp4(), 46, &[0x40], Expect::Drop(tcp)),
        case("TCP offset 0", &tcp4(), 46, &[0], Expect::Drop(tcp)),
        case("TCP offset beyond the packet", &tcp4().payload(0), 46, &[0xf0], Expect::Drop(tcp)),
        case("TCP offset 0, IPv6", &tcp6(), 66, &[0], Expect::Drop(tcp)),
        case("UDP length 0", &udp4(), 38, &total(0), Expect::Drop(udp)),
        case("UDP length 7", &udp4(), 38, &total(7), Expect::Drop(udp)),
        case("UDP length beyond the packet", &udp4(), 38, &total(42), Expect::Drop(udp)),
    ]);
}

#[test]
fn headers_that_are_none() {
    check_all(&[
        case("IPv4 header length 4", &tcp4(), 14, &[0x44], Expect::Pass),
        case("IPv4 header length 0", &tcp4(), 14, &[0x40], Expect::Pass),
        case("IPv4 header beyond the frame", &tcp4().payload(0), 14, &[0x4f], Expect::Pass),
        case("version 5", &tcp4(), 14, &[0x55], Expect::Pass),
        case("version 6 in an IPv4 frame", &tcp4(), 14, &[0x65], Expect::Pass),
        case("version 4 in an IPv6 frame", &tcp6(), 14, &[0x45], Expect::Pass),
    ]);
}

#[test]
fn frames_cut_short_never_leave() {
    let mut cases = Vec::new();
    for (name, frame) in [("IPv4 TCP", tcp4()), ("IPv4 UDP", udp4()), ("IPv6 TCP", tcp6())] {
        let whole = frame.bytes();
        let header = frame.l4_offset() + if frame.l4 == L4::Udp { 8 } else { 20 };
        for length in 14..whole.len() {
            // From the transport header on it can be told whom the packet is for.
            let expect = if length < header { Expect::Pass } else { Expect::Drop(DropReason::BadIpLength) };
            cases.push(Case { name, ingress: Ingress::In, packet: whole[..length].to_vec(), expect });
        }
    }
    check_all(&cases);
}

#[test]
fn padding_of_short_frames_is_no_fault() {
    // Ethernet pads to 60 bytes; the IP length says what counts.
    let short = Frame::new(L4::Udp, "203.0.113.7:40000", "192.0.2.20:53").payload(1);
    let mut padded = short.bytes();
    padded.resize(60, 0);
    let bench = crate::bench::Bench::new();
    let outcome = bench.run(bench.inside, &padded);
    assert_eq!((outcome.action, outcome.frame.len()), (crate::case::xdp_action::REDIRECT, 60));
    assert_eq!(outcome.frame[12..43], short.bytes()[12..43]);
}
