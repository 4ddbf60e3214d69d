//! Messages as kernels send them, and as none should.

use proptest::prelude::*;

use super::*;
use crate::net::{Rejection, XdpAttachment, XdpMode};

const LINK_GROUP: [u8; 16] = [0, 0, 1, 0, 7, 0, 0, 0, 0x43, 0x10, 1, 0, 0, 0, 0, 0];

/// A message from its fixed part and its attributes.
fn message(kind: u16, fixed: &[u8], attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut message = vec![0; HEADER];
    message[4..6].copy_from_slice(&kind.to_ne_bytes());
    message.extend_from_slice(fixed);
    message.extend(nested(attributes));
    let length = message.len() as u32;
    message[..4].copy_from_slice(&length.to_ne_bytes());
    message
}

fn nested(attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, value) in attributes {
        bytes.extend_from_slice(&((value.len() + 4) as u16).to_ne_bytes());
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(value);
        bytes.resize(bytes.len().next_multiple_of(ALIGN), 0);
    }
    bytes
}

/// Checks what the messages in `datagram` say.
#[track_caller]
fn check(datagram: &[u8], expected: &[Event]) {
    let events: Vec<_> = Packet::all(datagram).filter_map(|packet| Event::read(&packet)).collect();
    assert_eq!(events, expected);
}

#[track_caller]
fn check_route(datagram: &[u8], expected: Route) {
    let routes: Vec<_> = Packet::all(datagram).filter_map(|packet| Route::read(&packet)).collect();
    assert_eq!(routes, [expected]);
}

fn eth0() -> Link {
    Link {
        index: 7,
        name: "eth0".to_owned(),
        mac: Some([2, 0, 0, 0, 0, 1]),
        mtu: 1500,
        up: true,
        carrier: true,
        kind: None,
        xdp: None,
    }
}

#[test]
fn links() {
    let mtu = 1500_u32.to_ne_bytes();
    let plain = [(3, &b"eth0\0"[..]), (1, &[2, 0, 0, 0, 0, 1]), (4, &mtu)];
    check(&message(kind::NEW_LINK, &LINK_GROUP, &plain), &[Event::Link(eth0())]);

    let info = nested(&[(1, b"veth\0")]);
    let id = 42_u32.to_ne_bytes();
    let xdp = nested(&[(2, &[1]), (4, &id), (5, &id)]);
    // Nested attributes may or may not be marked as such; what is unknown is passed over.
    let more = [plain[0], plain[1], plain[2], (999, b"?"), (0x12 | 0x8000, &info), (43, &xdp)];
    let attachment = XdpAttachment { program_ids: vec![42], mode: XdpMode::Native };
    let veth = Link { kind: Some("veth".to_owned()), xdp: Some(attachment), ..eth0() };
    check(&message(kind::NEW_LINK, &LINK_GROUP, &more), &[Event::Link(veth)]);

    let detached = nested(&[(2, &[0])]);
    let none = [plain[0], plain[1], plain[2], (43, &detached)];
    check(&message(kind::NEW_LINK, &LINK_GROUP, &none), &[Event::Link(eth0())]);

    check(&message(kind::DELETE_LINK, &LINK_GROUP, &plain), &[Event::LinkGone(7)]);
    let mut port = LINK_GROUP;
    port[0] = 7;
    check(&message(kind::DELETE_LINK, &port, &plain), &[]);

    let mut loopback = LINK_GROUP;
    loopback[2..4].copy_from_slice(&772_u16.to_ne_bytes());
    let lo = Link { mac: None, ..eth0() };
    check(&message(kind::NEW_LINK, &loopback, &plain), &[Event::Link(lo)]);
}

#[test]
fn neighbours() {
    let fixed = |family: u8, state: u8, flags: u8| [family, 0, 0, 0, 7, 0, 0, 0, state, 0, flags, 0];
    let mac = [2, 0, 0, 0, 0, 9];
    let attributes = [(1, &[10, 0, 0, 9][..]), (2, &mac)];
    let key = NeighbourKey { ifindex: 7, address: IpAddr::from([10, 0, 0, 9]) };
    let table = [
        (0x80, NeighbourState::Static),
        (0x40, NeighbourState::Static),
        (0x02, NeighbourState::Fresh),
        (0x08, NeighbourState::Fresh),
        (0x10, NeighbourState::Fresh),
        (0x04, NeighbourState::Stale),
        (0x01, NeighbourState::Incomplete),
        (0x00, NeighbourState::Incomplete),
        (0x20, NeighbourState::Failed),
    ];
    for (bits, state) in table {
        let expected = Event::Neighbour { key, state, mac: Some(mac) };
        check(&message(kind::NEW_NEIGHBOUR, &fixed(AF_INET, bits, 0), &attributes), &[expected]);
    }
    let gone = message(kind::DELETE_NEIGHBOUR, &fixed(AF_INET, 2, 0), &attributes);
    check(&gone, &[Event::NeighbourGone(key)]);
    let bridge = message(kind::NEW_NEIGHBOUR, &fixed(7, 2, 0), &[(2, &mac)]);
    let proxy = message(kind::NEW_NEIGHBOUR, &fixed(AF_INET, 2, 8), &attributes);
    let both_and_gone = [bridge, proxy, gone].concat();
    check(&both_and_gone, &[Event::NeighbourGone(key)]);
    // An address longer than a MAC address (InfiniBand) is none.
    let long = message(kind::NEW_NEIGHBOUR, &fixed(AF_INET, 2, 0), &[attributes[0], (2, &[1; 20])]);
    check(&long, &[Event::Neighbour { key, state: NeighbourState::Fresh, mac: None }]);
}

#[test]
fn routes() {
    let fixed = |kind: u8| [AF_INET, 32, 0, 0, 254, 0, 0, kind, 0, 0, 0, 0];
    let oif = (4, &[7, 0, 0, 0][..]);
    let answer = |kind: u8, attributes: &[(u16, &[u8])]| message(kind::NEW_ROUTE, &fixed(kind), attributes);
    let via = |gateway| Route::Via { ifindex: 7, gateway };
    check_route(&answer(1, &[oif]), via(None));
    check_route(&answer(1, &[oif, (5, &[10, 0, 0, 1])]), via(Some([10, 0, 0, 1].into())));
    let other_family = [&[10, 0][..], &[0xfd; 16]].concat();
    check_route(&answer(1, &[oif, (18, &other_family)]), via(Some([0xfd; 16].into())));
    check_route(&answer(1, &[oif, (21, &[1, 0])]), Route::Encapsulated { ifindex: 7 });
    check_route(&answer(2, &[oif]), Route::Local);
    check_route(&answer(3, &[oif]), Route::NotUnicast);
    check_route(&answer(7, &[]), Route::Rejected(Rejection::Unreachable));
    check_route(&answer(1, &[]), Route::Failed(libc::EPROTO));

    let refused = |errno: i32| message(kind::ERROR, &(-errno).to_ne_bytes(), &[]);
    check_route(&refused(libc::ENETUNREACH), Route::None);
    check_route(&refused(libc::EACCES), Route::Rejected(Rejection::Prohibit));
    check_route(&refused(libc::ENODEV), Route::Failed(libc::ENODEV));
    check_route(&message(kind::ERROR, &[], &[]), Route::Failed(libc::EPROTO));
}

#[test]
fn requests_are_messages() {
    let key = NeighbourKey { ifindex: 7, address: IpAddr::from([0xfd; 16]) };
    let target = IpAddr::from([10, 0, 0, 9]);
    let requests = [Request::Links, Request::Neighbours, Request::Route(target), Request::Use(key)];
    let mut datagram = Vec::new();
    for (sequence, request) in (1..).zip(requests) {
        request.write(sequence, &mut datagram);
    }
    let packets: Vec<_> = Packet::all(&datagram).map(|packet| (packet.kind, packet.sequence)).collect();
    let kinds = [kind::GET_LINK, kind::GET_NEIGHBOUR, kind::GET_ROUTE, kind::NEW_NEIGHBOUR];
    assert_eq!(packets, kinds.into_iter().zip(1..).collect::<Vec<_>>());
    // A request to use a neighbour names it as a message about it would, in no state.
    let incomplete = Event::Neighbour { key, state: NeighbourState::Incomplete, mac: None };
    let last = Packet::all(&datagram).filter_map(|packet| Event::read(&packet)).last();
    assert_eq!(last, Some(incomplete));
}

proptest! {
    #[test]
    fn nothing_panics_or_hangs(datagram in prop::collection::vec(any::<u8>(), 0..200)) {
        for packet in Packet::all(&datagram) {
            let _read = (Event::read(&packet), Route::read(&packet), Outcome::read(&packet));
        }
    }

    #[test]
    fn no_attributes_panic_or_hang(
        kind in prop::sample::select(&[16, 17, 24, 28, 29][..]),
        body in prop::collection::vec(prop_oneof![Just(0), 0..64_u8, any::<u8>()], 0..120),
    ) {
        for packet in Packet::all(&message(kind, &body, &[])) {
            let _read = (Event::read(&packet), Route::read(&packet), Outcome::read(&packet));
        }
    }
}
