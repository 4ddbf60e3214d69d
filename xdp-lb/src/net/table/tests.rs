//! The life of a neighbour and of an interface, event by event.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use proptest::prelude::*;

use super::*;

const KEY: NeighbourKey = NeighbourKey { ifindex: 7, address: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 9)) };
const MAC: [u8; 6] = [2, 0, 0, 0, 0, 9];

fn link(index: u32, up: bool) -> Event {
    Event::Link(Link {
        index,
        name: format!("eth{index}"),
        mac: Some([2, 0, 0, 0, 0, 1]),
        mtu: 1500,
        up,
        carrier: up,
        kind: None,
        xdp: None,
    })
}

fn heard(state: NeighbourState, mac: Option<[u8; 6]>) -> Event {
    Event::Neighbour { key: KEY, state, mac }
}

/// One step: what happens, at which second.
enum Step {
    Hear(Event),
    Settle,
    /// The kernel is asked to use the neighbour.
    Ask(u64),
    /// The same, but it has no room for an entry.
    AskInVain(u64),
    Expect(u64, Answer),
    /// Whether the kernel should be asked.
    Due(u64, bool),
}

#[track_caller]
fn check(steps: Vec<Step>) {
    let (mut tables, begin) = (Tables::default(), Instant::now());
    let at = |second| begin + Duration::from_secs(second);
    tables.apply(link(7, true));
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Hear(event) => {
                tables.apply(event);
            }
            Settle => tables.settle(),
            Ask(second) => tables.asked(KEY, at(second), true),
            AskInVain(second) => tables.asked(KEY, at(second), false),
            Expect(second, answer) => {
                assert_eq!(tables.answer(&KEY, at(second)), answer, "step {number}");
            }
            Due(second, due) => {
                assert_eq!(tables.overdue(&KEY, at(second)).is_some(), due, "step {number}");
            }
        }
    }
}

use NeighbourState::{Failed, Fresh, Incomplete, Stale, Static};
use Step::{Ask, AskInVain, Due, Expect, Hear, Settle};

#[test]
fn a_stranger_is_asked_for_and_given_up() {
    check(vec![
        Due(0, true),
        Expect(0, Answer::Pending),
        Ask(0),
        Due(0, false),
        Due(1, true),
        Ask(2),
        Expect(2, Answer::Pending),
        Expect(3, Answer::Unanswered),
        Hear(heard(Failed, None)),
        Settle,
        // Asked again, it stays unanswered until somebody answers.
        Ask(5),
        Hear(heard(Incomplete, None)),
        Expect(5, Answer::Unanswered),
        Hear(Event::NeighbourGone(KEY)),
        Expect(5, Answer::Unanswered),
        Due(6, false),
        Due(7, true),
        Hear(heard(Fresh, Some(MAC))),
        Expect(7, Answer::Mac(MAC)),
    ]);
}

#[test]
fn a_known_one_is_kept_fresh() {
    check(vec![
        Hear(heard(Fresh, Some(MAC))),
        Ask(0),
        Due(14, false),
        Due(15, true),
        Hear(heard(Stale, Some(MAC))),
        Due(4, false),
        Due(5, true),
        Expect(99, Answer::Mac(MAC)),
        Hear(heard(Fresh, Some([8; 6]))),
        Expect(99, Answer::Mac([8; 6])),
        Hear(heard(Static, Some(MAC))),
        Due(999, false),
    ]);
}

#[test]
fn a_forgotten_one_keeps_its_address_until_asked_in_vain() {
    check(vec![
        Hear(heard(Fresh, Some(MAC))),
        Hear(Event::NeighbourGone(KEY)),
        Settle,
        Expect(0, Answer::Mac(MAC)),
        Due(0, true),
        Ask(10),
        Expect(12, Answer::Mac(MAC)),
        Expect(13, Answer::Unanswered),
        Hear(heard(Failed, None)),
        Settle,
        Hear(Event::NeighbourGone(KEY)),
        Expect(13, Answer::Unanswered),
    ]);
}

#[test]
fn one_removed_by_hand_is_a_forgotten_one() {
    check(vec![
        Hear(heard(Fresh, Some(MAC))),
        Hear(heard(Failed, None)),
        Hear(Event::NeighbourGone(KEY)),
        Settle,
        Expect(0, Answer::Mac(MAC)),
        Due(0, true),
    ]);
}

#[test]
fn a_full_table_is_no_silence() {
    check(vec![
        AskInVain(0),
        Due(9, false),
        Due(10, true),
        Expect(9, Answer::Refused),
        Ask(9),
        Expect(9, Answer::Pending),
        Hear(heard(Fresh, Some(MAC))),
        Hear(Event::NeighbourGone(KEY)),
        AskInVain(10),
        Expect(99, Answer::Mac(MAC)),
    ]);
}

#[test]
fn an_interface_that_goes_down_takes_its_neighbours_along() {
    // The kernel empties its table before or after it says that the interface is down.
    let (gone, down) = (Event::NeighbourGone(KEY), link(7, false));
    for order in [[gone.clone(), down.clone()], [down.clone(), gone]] {
        let mut steps = vec![Hear(heard(Fresh, Some(MAC)))];
        steps.extend(order.into_iter().map(Hear));
        steps.extend([Hear(link(7, true)), Expect(0, Answer::Pending)]);
        check(steps);
    }
    // But not those set by hand, which the kernel keeps.
    check(vec![Hear(heard(Static, Some(MAC))), Hear(down), Hear(link(7, true)), Expect(0, Answer::Mac(MAC))]);
}

#[test]
fn changes_say_what_they_make_necessary() {
    let mut tables = Tables::default();
    let mut check =
        |event: Event, expected: Work| assert_eq!(tables.apply(event.clone()), expected, "{event:?}");
    check(link(7, true), Work::Lookup);
    check(link(7, true), Work::Nothing);
    check(heard(Fresh, Some(MAC)), Work::Publish);
    check(heard(Stale, Some(MAC)), Work::Nothing);
    check(heard(Stale, Some([8; 6])), Work::Publish);
    check(Event::NeighbourGone(KEY), Work::Publish);
    check(Event::Routing, Work::Lookup);
    check(Event::Overrun, Work::Reread);
    check(Event::LinkGone(8), Work::Nothing);
    check(Event::LinkGone(7), Work::Lookup);
}

#[test]
fn listings_replace_what_was_known() {
    let (mut tables, now) = (Tables::default(), Instant::now());
    assert_eq!(tables.replace_links(vec![link(7, true), link(8, true)]), Work::Lookup);
    tables.replace_neighbours(vec![heard(Fresh, Some(MAC))]);
    assert_eq!(tables.replace_links(vec![link(7, true)]), Work::Lookup);
    assert_eq!(tables.replace_links(vec![link(7, true)]), Work::Nothing);
    tables.replace_neighbours(Vec::new());
    assert!(tables.link(8).is_none());
    assert_eq!(tables.answer(&KEY, now), Answer::Mac(MAC), "forgotten is not failed");
    tables.prune(|_| false);
    assert_eq!(tables.answer(&KEY, now), Answer::Pending);
}

fn any_event() -> impl Strategy<Value = Event> {
    let key = || {
        let address = prop_oneof![Just(KEY.address), Just([0xfe; 16].into())];
        (7..9_u32, address).prop_map(|(ifindex, address)| NeighbourKey { ifindex, address })
    };
    let state = prop::sample::select(&[Static, Fresh, Stale, Incomplete, Failed][..]);
    prop_oneof![
        (7..9_u32, any::<bool>()).prop_map(|(index, up)| link(index, up)),
        (7..9_u32).prop_map(Event::LinkGone),
        (key(), state, prop::option::of(Just(MAC))).prop_map(|(key, state, mac)| Event::Neighbour {
            key,
            state,
            mac
        }),
        key().prop_map(Event::NeighbourGone),
    ]
}

proptest! {
    /// Whatever was heard before, listings have the last word about what the kernel has.
    #[test]
    fn any_history_ends_in_what_is_listed(history in prop::collection::vec(any_event(), 0..40)) {
        let (mut tables, now) = (Tables::default(), Instant::now());
        for (number, event) in history.into_iter().enumerate() {
            tables.apply(event);
            if number % 3 == 0 {
                tables.settle();
                tables.asked(KEY, now, number % 2 == 0);
            }
        }
        tables.replace_links(vec![link(7, true)]);
        tables.replace_neighbours(vec![heard(Fresh, Some(MAC))]);
        tables.prune(|_| false);
        prop_assert_eq!(tables.links().len(), 1);
        prop_assert_eq!(tables.answer(&KEY, now), Answer::Mac(MAC));
        prop_assert_eq!(tables.neighbours.len(), 1);
    }
}
