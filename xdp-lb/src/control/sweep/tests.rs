//! What sweeps judge.

use super::*;
use xdp_lb_common::{Be16, flow::expand_seed};

const NOW: u32 = 1000;
const DRAIN: u32 = 60;
const IDLE: u32 = 300;

/// A sweep over a service with one slot, and one of its flows.
fn sweep(slot: Slot, v6: bool) -> (Sweep, FlowKey) {
    let drain_timeout = Duration::from_secs(u64::from(DRAIN));
    let swept = Swept::of(vec![slot], BTreeSet::from([0]), v6, false, drain_timeout);
    let services = std::iter::once((3, Swept { idle: Some(IDLE), affinity: Some(DRAIN), ..swept }));
    let key = FlowKey::new([1, 0, 0, 0], Be16::new(2), Be16::new(80), 3);
    (Sweep::new(services, expand_seed(1), NOW, 1), key)
}

fn entry(slot: Slot, backend: u32) -> Entry {
    Entry::new(backend, slot, State::Open, false, 0)
}

fn seen(ago: u32) -> Stamp {
    Stamp { seen: NOW.wrapping_sub(ago), since: 0 }
}

/// Judges one flow on a table of one slot: is it kept, does the slot settle, is its backend held?
#[track_caller]
fn check(slot: Slot, entry: Entry, age: u32, kept: Keep, settles: bool, held: bool) {
    for v6 in [false, true] {
        let before = Instant::now();
        let (mut sweep, key) = sweep(slot, v6);
        let unknown = FlowKey { service: 4, ..key };
        for (ago, kept) in [(1, Keep::Yes), (2, Keep::No)] {
            assert_eq!(sweep.judge(Table::Flows, &unknown, entry, seen(ago)), kept, "an unknown service");
        }
        assert_eq!(sweep.judge(Table::Flows, &key, entry, seen(age)), kept, "{slot:?} {entry:?}");
        assert_eq!(sweep.settled(3).count() == 1, settles, "{slot:?} {entry:?}");
        assert_eq!(sweep.held.contains_key(&entry.backend()), held, "{slot:?} {entry:?}");
        assert_eq!(sweep.free(entry.backend(), before), !held);
        assert!(!sweep.free(entry.backend(), Instant::now()), "the backend left after the sweep had started");
    }
}

#[test]
fn living_flows_hold_slots_and_backends_where_they_differ() {
    let moving = Slot::default().moving(2, 1);
    let (old, new) = (entry(moving, 1), entry(moving, 2));
    check(moving, old, 0, Keep::Yes, false, true);
    check(moving, new, 0, Keep::Yes, false, false);
    check(moving, old, DRAIN + 1, Keep::No, false, false);
    check(moving.settling(), old, DRAIN, Keep::Yes, false, true);
    check(moving.settling(), old, DRAIN + 1, Keep::No, true, false);
    // Backends that owned the slot for a while.
    check(moving.owned_by(4).settling(), new, 0, Keep::Yes, false, true);
    check(moving.settling().reopened(4), old, 0, Keep::Yes, false, true);
    // Noted just now: of a move that the sweep does not know of yet, perhaps.
    check(moving.stable(2), old, 1, Keep::Yes, false, false);
    check(moving.stable(2), old, 2, Keep::No, false, false);
}

#[test]
fn what_unknown_packets_find_need_not_be_noted() {
    let moving = Slot::default().moving(2, 1);
    check(moving.settling(), entry(moving, 2), 0, Keep::No, true, false);
    check(moving.owned_by(1), entry(moving, 1), 0, Keep::No, false, false);
    check(moving.owned_by(1), entry(moving, 2), 0, Keep::Yes, false, true);
}

#[test]
fn flows_that_are_noted_for_themselves_hold_no_slot() {
    let settling = Slot::default().moving(2, 1).settling();
    for (backend, strays) in [(1, 1), (2, 0)] {
        let tracked = Entry::new(backend, settling, State::Open, true, 0);
        check(settling, tracked, IDLE, Keep::Yes, true, true);
        check(settling.stable(7), tracked, IDLE, Keep::Yes, false, true);
        check(settling, tracked, IDLE + 1, Keep::No, true, false);
        let (mut sweep, key) = sweep(settling, false);
        assert_eq!(sweep.judge(Table::Flows, &key, tracked, seen(0)), Keep::Yes);
        assert_eq!((sweep.strays(3), sweep.strays(4)), (strays, 0));
    }
}

#[test]
fn flows_of_an_earlier_move_are_forgotten() {
    let earlier = Slot::default().moving(2, 1);
    check(earlier.stable(2).moving(1, 2), entry(earlier, 2), 2, Keep::No, false, false);
}

#[test]
fn what_has_ended_stays_for_its_last_packets() {
    let moving = Slot::default().moving(2, 1).settling();
    for state in [State::Ended, State::Closed] {
        let ended = entry(moving, 1).with(state);
        check(moving, ended, ENDED, Keep::Yes, true, false);
        check(moving, ended, ENDED + 1, Keep::No, true, false);
    }
}

#[test]
fn openings_and_clients_have_their_own_time() {
    let moving = Slot::default().moving(2, 1).settling();
    let kept = |table, entry, age| {
        let (mut sweep, key) = sweep(moving, false);
        let kept = sweep.judge(table, &key, entry, seen(age)) == Keep::Yes;
        (kept, sweep.settled(3).count() == 1)
    };
    let opening = entry(moving, 1).with(State::Opening);
    assert_eq!(kept(Table::Embryos, opening, 5), (true, false));
    assert_eq!(kept(Table::Embryos, opening, 6), (false, true));
    // One that found no room in the flow table.
    assert_eq!(kept(Table::Embryos, entry(moving, 1), DRAIN), (true, false));
    assert_eq!(kept(Table::Clients, entry(moving, 1), DRAIN), (true, true));
    assert_eq!(kept(Table::Clients, entry(moving, 1), DRAIN + 1), (false, true));
}

#[test]
fn flows_are_not_idle_for_what_the_clock_missed() {
    let moving = Slot::default().moving(2, 1);
    let (mut sweep, key) = sweep(moving, false);
    sweep.clock_since = NOW - DRAIN;
    let stamp = Stamp { seen: 5, since: 0 };
    assert_eq!(sweep.judge(Table::Flows, &key, entry(moving, 1), stamp), Keep::Yes);
}

#[test]
fn a_flow_seen_after_the_sweep_started_lives() {
    let moving = Slot::default().moving(2, 1);
    check(moving, entry(moving, 1), 5u32.wrapping_neg(), Keep::Yes, false, true);
}

#[test]
fn sweeps_learn_how_many_flows_slots_have() {
    let moving = Slot::default().moving(2, 1).settling();
    let (mut sweep, key) = sweep(moving, false);
    for backend in [1, 1, 1, 2] {
        let _kept = sweep.judge(Table::Flows, &key, entry(moving, backend), seen(0));
    }
    let mut expected = Flows::default();
    expected.observe(4, 1);
    expected.observe_settling(3, 1);
    assert_eq!(sweep.learnt(3, Flows::default()), expected);
    assert_eq!(sweep.learnt(4, Flows::default()), Flows::default());
}
