//! One row of a packet table, and the one way to check it.

use xdp_lb_common::DropReason;

use crate::{
    bench::Bench,
    frame::{Frame, assert_sound, describe},
};

/// Which interface a packet comes in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ingress {
    /// The clients'.
    In,
    /// The backends'.
    Out,
}

/// What must become of a packet.
#[derive(Clone, Debug)]
pub(crate) enum Expect {
    /// The kernel gets it, untouched.
    Pass,
    /// The kernel gets this instead.
    PassChanged(Frame),
    /// It is dropped for this reason.
    Drop(DropReason),
    /// This leaves by the interface that the packet came in by.
    Transmit(Frame),
    /// This leaves by another interface.
    Redirect(Frame),
    /// It is dropped for this reason, and these bytes leave instead, by the interface that it came in by.
    Answer(DropReason, Vec<u8>),
}

/// A row.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) ingress: Ingress,
    pub(crate) packet: Vec<u8>,
    pub(crate) expect: Expect,
}

/// The kernel's numbers (`enum xdp_action`).
pub(crate) mod xdp_action {
    pub(crate) const DROP: u32 = 1;
    pub(crate) const PASS: u32 = 2;
    pub(crate) const TX: u32 = 3;
    pub(crate) const REDIRECT: u32 = 4;
}

/// Runs a case through the program.
pub(crate) fn check(bench: &Bench, case: &Case) {
    let name = case.name;
    let interface = match case.ingress {
        Ingress::In => bench.inside,
        Ingress::Out => bench.outside,
    };
    let outcome = bench.run(interface, &case.packet);
    let (action, frame, reasons) = match &case.expect {
        Expect::Pass => (xdp_action::PASS, case.packet.clone(), vec![]),
        Expect::PassChanged(frame) => (xdp_action::PASS, frame.bytes(), vec![]),
        Expect::Drop(reason) => (xdp_action::DROP, outcome.frame.clone(), vec![*reason]),
        Expect::Transmit(frame) => (xdp_action::TX, frame.bytes(), vec![]),
        Expect::Redirect(frame) => (xdp_action::REDIRECT, frame.bytes(), vec![]),
        Expect::Answer(reason, bytes) => (xdp_action::TX, bytes.clone(), vec![*reason]),
    };
    assert_eq!((outcome.action, &outcome.reasons), (action, &reasons), "{name}: action and reasons");
    assert!(
        outcome.frame == frame,
        "{name}: the packet\n--- sent in\n{}\n--- came out\n{}\n--- expected\n{}",
        describe(&case.packet),
        describe(&outcome.frame),
        describe(&frame),
    );
    if matches!(action, xdp_action::TX | xdp_action::REDIRECT) {
        assert_sound(name, &outcome.frame);
    }
}

/// Runs a table.
pub(crate) fn check_all(cases: &[Case]) {
    let bench = Bench::new();
    for case in cases {
        check(&bench, case);
    }
}

/// A packet of a client.
pub(crate) fn client(name: &'static str, packet: &Frame, expect: Expect) -> Case {
    Case { name, ingress: Ingress::In, packet: packet.bytes(), expect }
}

/// A packet of a backend.
pub(crate) fn backend(name: &'static str, packet: &Frame, expect: Expect) -> Case {
    Case { name, ingress: Ingress::Out, packet: packet.bytes(), expect }
}
