//! Slots on their way from one backend to another: connections from before stay where they are.

use xdp_lb_common::{
    Be16, DropReason,
    backend::{Backend, flag},
    flow::{self, FlowKey},
    slot::{NO_BACKEND, Slot},
    track::{Entry, Keep, Stamp, State, Table},
};

use crate::{
    bench::Bench,
    case::xdp_action,
    frame::{Frame, L4, tcp},
    spread::{backend_of, dsr_backend, weighted},
};

const VIP: &str = "192.0.2.10:80";
const OLD: u32 = 1;
const NEW: u32 = 2;

/// A service whose every slot is `slot`.
fn bench(slot: Slot) -> Bench {
    let mut bench = weighted(VIP.parse().expect("a VIP"), &[1, 1, 1]);
    set(&mut bench, slot);
    bench
}

fn set(bench: &mut Bench, slot: Slot) {
    bench.dataplane.store_slots(0, &vec![slot; xdp_lb::slots::default_size(3) as usize]);
}

/// Sends packets of numbered clients, one after the other, and compares the backend that each gets.
fn check(bench: &Bench, packets: &[(u32, L4, u32)]) {
    for (step, &(client, l4, backend)) in packets.iter().enumerate() {
        let packet = Frame::new(l4, &format!("203.0.113.7:{}", 20_000 + client), VIP);
        assert_eq!(backend_of(bench, &packet), backend as usize, "step {step}: client {client}, {l4:?}");
    }
}

#[test]
fn new_connections_go_to_the_owner_and_old_ones_stay() {
    let bench = bench(Slot::default().moving(NEW, OLD));
    check(
        &bench,
        &[
            (1, L4::Ack, OLD), // began before the move
            (2, L4::Syn, NEW),
            (1, L4::Ack, OLD),
            (2, L4::Syn, NEW), // a retransmission
            (2, L4::Ack, NEW), // noted at its SYN
            (1, L4::Syn, OLD), // perhaps not the client's: for the connection's backend to answer
            (1, L4::Ack, OLD),
            (1, L4::Tcp(tcp::RST), OLD),
            (1, L4::Syn, NEW), // the same ports again: a new connection
            (1, L4::Ack, NEW),
        ],
    );
}

#[test]
fn known_flows_outlast_the_window() {
    let moving = Slot::default().moving(NEW, OLD);
    let mut bench = bench(moving);
    check(&bench, &[(1, L4::Ack, OLD), (2, L4::Syn, NEW), (2, L4::Ack, NEW)]);
    set(&mut bench, moving.settling());
    check(&bench, &[(1, L4::Ack, OLD), (2, L4::Ack, NEW), (3, L4::Ack, NEW), (3, L4::Ack, NEW)]);
    set(&mut bench, moving.stable(NEW));
    check(&bench, &[(1, L4::Ack, NEW), (2, L4::Ack, NEW)]);
}

#[test]
fn what_was_noted_in_an_earlier_move_does_not_count() {
    let there = Slot::default().moving(NEW, OLD);
    let mut bench = bench(there);
    check(&bench, &[(1, L4::Ack, OLD)]);
    // Later the client has another connection by the same ports, opened while the slot was stable.
    set(&mut bench, there.stable(NEW));
    check(&bench, &[(1, L4::Syn, NEW)]);
    set(&mut bench, there.stable(NEW).moving(OLD, NEW));
    check(&bench, &[(1, L4::Ack, NEW), (1, L4::Ack, NEW)]);
}

#[test]
fn flows_on_earlier_owners_of_a_moving_slot_stay_too() {
    const THIRD: u32 = 3;
    let moving = Slot::default().moving(NEW, OLD);
    let mut bench = bench(moving);
    check(&bench, &[(1, L4::Ack, OLD), (2, L4::Syn, NEW)]);
    set(&mut bench, moving.owned_by(THIRD));
    check(&bench, &[(1, L4::Ack, OLD), (2, L4::Ack, NEW), (3, L4::Syn, THIRD), (4, L4::Ack, OLD)]);
    set(&mut bench, moving.owned_by(THIRD).bereft());
    check(&bench, &[(2, L4::Ack, NEW), (3, L4::Ack, THIRD), (5, L4::Ack, THIRD)]);
}

#[test]
fn flows_on_dead_backends_are_decided_anew() {
    let mut bench = bench(Slot::default().moving(NEW, OLD));
    check(&bench, &[(1, L4::Ack, OLD), (2, L4::Syn, NEW)]);
    mark(&mut bench, NEW, flag::USED | flag::DOWN);
    check(&bench, &[(1, L4::Ack, OLD), (2, L4::Ack, OLD)]);
    mark(&mut bench, NEW, 0);
    check(&bench, &[(1, L4::Ack, OLD), (3, L4::Syn, NEW), (3, L4::Ack, OLD)]);
}

/// Stores a backend's record with these flags.
fn mark(bench: &mut Bench, backend: u32, flags: u16) {
    let record = Backend { flags, ..dsr_backend(bench, backend) };
    bench.dataplane.store_backend(backend, &record);
}

#[test]
fn nobody_may_own_a_moving_slot() {
    let bench = bench(Slot::default().moving(NO_BACKEND, OLD));
    check(&bench, &[(1, L4::Ack, OLD), (1, L4::Ack, OLD)]);
    let outcome = bench.run(bench.inside, &Frame::new(L4::Syn, "203.0.113.7:20002", VIP).bytes());
    assert_eq!(
        (outcome.action, outcome.reasons.as_slice()),
        (xdp_action::DROP, [DropReason::NoBackend].as_slice())
    );
}

#[test]
fn a_sweep_sees_what_the_program_noted_and_removes_what_it_is_told_to() {
    let mut bench = bench(Slot::default().moving(NEW, OLD));
    bench.dataplane.set_clock(77);
    check(&bench, &[(1, L4::Ack, OLD), (2, L4::Syn, NEW), (2, L4::Ack, NEW), (3, L4::Syn, NEW)]);
    let flows = bench.dataplane.flows();
    let seed = bench.dataplane.seed_in_use();
    let mut found = Vec::new();
    let mut look = |table, key: &FlowKey, entry: Entry, stamp: Stamp| {
        assert_eq!((key.service, stamp.seen, entry.generation()), (0, 77, 1));
        // The daemon finds the slot of an entry by the hash that the program took of the packet.
        let client = key.ports.to_le_bytes();
        let port = Be16::new(u16::from_be_bytes([client[0], client[1]]));
        let hash = flow::hash([u32::from_ne_bytes([203, 0, 113, 7])], port, Be16::new(80), &seed);
        assert_eq!(key.hash(false, &seed), hash);
        found.push((table, port.get(), entry.backend(), entry.state()));
        if entry.backend() == OLD { Keep::No } else { Keep::Yes }
    };
    let kept = [Table::Flows, Table::Embryos].map(|table| flows.sweep(table, |k, e, s| look(table, k, e, s)));
    found.sort_unstable_by_key(|(_, port, ..)| *port);
    assert_eq!(
        found,
        [
            (Table::Flows, 20_001, OLD, State::Open),
            (Table::Flows, 20_002, NEW, State::Open),
            (Table::Embryos, 20_003, NEW, State::Opening),
        ]
    );
    assert_eq!(kept, [1, 1]);
    let load = |backend| bench.dataplane.reader().load(backend);
    assert_eq!([load(OLD).live, load(NEW).live, load(NEW).pending], [0, 1, 1]);
}
