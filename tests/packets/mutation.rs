//! Whatever comes in: nothing broken leaves, and nothing that is not for a service is touched.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use xdp_lb_common::DropReason;

use crate::{
    bench::Bench,
    case::xdp_action,
    frame::{Frame, L4, assert_sound, describe},
};

/// What makes a packet: its kind, source address and destination.
type Ends = (L4, &'static str, &'static str);

/// A valid packet for a service with a backend.
fn valid() -> impl Strategy<Value = Frame> {
    packet(vec![
        (L4::Syn, "203.0.113.7", "192.0.2.10:80"),
        (L4::Ack, "203.0.113.7", "192.0.2.20:80"),
        (L4::Udp, "203.0.113.7", "192.0.2.10:53"),
        (L4::UdpUnsummed, "203.0.113.7", "192.0.2.20:53"),
        (L4::Ack, "[2001:db8:1::7]", "[2001:db8::10]:80"),
        (L4::Udp, "[2001:db8:1::7]", "[2001:db8::10]:53"),
        (L4::Ack, "203.0.113.7", "192.0.2.30:80"),
    ])
}

/// A valid packet for a service without one that says so.
fn refused() -> impl Strategy<Value = Frame> {
    packet(vec![
        (L4::Syn, "203.0.113.7", "192.0.2.70:80"),
        (L4::Udp, "203.0.113.7", "192.0.2.70:53"),
        (L4::Ack, "[2001:db8:1::7]", "[2001:db8::70]:80"),
        (L4::Udp, "[2001:db8:1::7]", "[2001:db8::70]:53"),
    ])
}

fn packet(ends: Vec<Ends>) -> impl Strategy<Value = Frame> {
    let ends = prop::sample::select(ends);
    (ends, 1u16.., 0usize..600, 2u8.., 0usize..=10).prop_map(|((l4, from, to), port, payload, ttl, words)| {
        let frame = Frame::new(l4, &format!("{from}:{port}"), to).payload(payload).ttl(ttl);
        if frame.from.is_ipv4() { frame.options(&vec![1; 4 * words]) } else { frame }
    })
}

fn run(cases: u32, strategy: impl Strategy<Value = Vec<u8>>, check: impl Fn(&Bench, &[u8])) {
    let bench = Bench::new();
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&strategy, |packet| {
        check(&bench, &packet);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

/// The lengths in the headers of a packet that left fit into each other and into the frame.
fn assert_lengths(frame: &[u8]) {
    let be = |at: usize| usize::from(u16::from_be_bytes([frame[at], frame[at + 1]]));
    let (protocol, l4, end) = if frame[12..14] == [8, 0] {
        (frame[23], 14 + usize::from(frame[14] & 15) * 4, 14 + be(16))
    } else {
        (frame[20], 54, 54 + be(18))
    };
    let fits = end <= frame.len()
        && match protocol {
            6 => (20..=end - l4).contains(&(usize::from(frame[l4 + 12] >> 4) * 4)),
            17 => (8..=end - l4).contains(&be(l4 + 4)),
            _ => false,
        };
    assert!(fits, "a broken packet left: {}", describe(frame));
}

fn check(bench: &Bench, packet: &[u8]) {
    let outcome = bench.run(bench.inside, packet);
    match outcome.action {
        xdp_action::TX if outcome.reasons == [DropReason::NoBackend] => {
            assert_sound("an answer", &outcome.frame);
            assert!(outcome.frame.len() <= packet.len() + 48, "{}", describe(packet));
        }
        xdp_action::TX | xdp_action::REDIRECT => {
            assert_eq!(outcome.frame.len(), packet.len());
            assert_eq!(outcome.reasons, []);
            assert_lengths(&outcome.frame);
        }
        xdp_action::PASS => {
            assert!(outcome.frame == packet && outcome.reasons.is_empty(), "{}", describe(packet));
        }
        xdp_action::DROP => assert_eq!(outcome.reasons.len(), 1, "{}", describe(packet)),
        other => panic!("action {other}: {}", describe(packet)),
    }
}

#[test]
fn valid_packets_leave_with_right_checksums() {
    run(2000, valid().prop_map(|frame| frame.bytes()), |bench, packet| {
        let outcome = bench.run(bench.inside, packet);
        assert!(matches!(outcome.action, xdp_action::TX | xdp_action::REDIRECT), "{}", describe(packet));
        assert_sound("generated", &outcome.frame);
    });
}

/// Some bytes of a packet changed, and perhaps its end cut off.
fn damaged(packet: impl Strategy<Value = Frame>) -> impl Strategy<Value = Vec<u8>> {
    let damage = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6);
    (packet, damage, any::<prop::sample::Index>()).prop_map(|(frame, damage, length)| {
        let mut bytes = frame.bytes();
        for (at, byte) in damage {
            // In the headers, where it matters.
            let at = at.index(bytes.len().min(80));
            bytes[at] = byte;
        }
        bytes.truncate(14 + length.index(2 * bytes.len()));
        bytes
    })
}

#[test]
fn damaged_packets_never_leave_broken() {
    run(8000, damaged(valid()), check);
}

#[test]
fn answers_to_damaged_packets_are_not_broken() {
    run(4000, damaged(refused()), check);
}

#[test]
fn noise_never_leaves_broken() {
    run(2000, prop::collection::vec(any::<u8>(), 14..200), check);
}

#[test]
fn changed_checksums_stay_wrong_by_as_much() {
    // A checksum that is wrong on arrival is wrong on departure: the program must not launder broken packets.
    let bench = Bench::new();
    for (at, vip) in [(24, "192.0.2.10:80"), (50, "192.0.2.10:80")] {
        let mut packet = Frame::new(L4::Ack, "203.0.113.7:40000", vip).bytes();
        packet[at] ^= 0x55;
        let outcome = bench.run(bench.inside, &packet);
        let broken = std::panic::catch_unwind(|| assert_sound("damaged", &outcome.frame));
        assert!(broken.is_err(), "byte {at}");
    }
}
