//! Which backend a flow gets.

use std::net::SocketAddr;

use xdp_lb::{
    config::Capacity,
    dataplane::{Endpoints, Needs, Sizes},
    slots::{self, Member},
};
use xdp_lb_common::{
    backend::{Backend, Mode, flag},
    endpoint::Role,
    service::{Policy, Service},
    slot::Slot,
};

use crate::{
    bench::Bench,
    case::xdp_action,
    frame::{Frame, L4},
    state,
};

/// A bench with one dsr service whose backends differ in their MAC address's last byte.
pub(crate) fn weighted(vip: SocketAddr, weights: &[u32]) -> Bench {
    weighted_in(Sizes::of(Needs::default(), Capacity::default()), vip, weights)
}

/// The same in maps of these sizes.
pub(crate) fn weighted_in(sizes: Sizes, vip: SocketAddr, weights: &[u32]) -> Bench {
    let mut bench = Bench::empty(sizes);
    let members: Vec<_> = (1..).zip(weights).map(|(identity, &weight)| Member { identity, weight }).collect();
    for backend in 1..=weights.len() as u32 {
        let record = dsr_backend(&bench, backend);
        bench.dataplane.store_backend(backend, &record);
    }
    let size = slots::default_size(weights.len() as u32);
    let table: Vec<_> =
        slots::fill(size, &members).iter().map(|owner| Slot::default().stable(owner + 1)).collect();
    bench.dataplane.store_slots(0, &table);
    bench.dataplane.store_service(0, Service::new(0, size, Policy::default()));
    let mut endpoints = Endpoints::default();
    state::add(&mut endpoints, vip, 6, Role::Service, 0);
    let prepared = bench.dataplane.prepare(&endpoints).expect("endpoints");
    bench.dataplane.publish(&prepared);
    bench
}

/// A dsr backend of service 0 that is told by its MAC address.
pub(crate) fn dsr_backend(bench: &Bench, index: u32) -> Backend {
    Backend {
        destination_mac: [2, 0, 0, 0, 0, index as u8],
        ifindex: bench.outside.0,
        mode: Mode::Dsr as u8,
        flags: flag::USED,
        ..Backend::default()
    }
}

/// The backend that a packet gets.
pub(crate) fn backend_of(bench: &Bench, packet: &Frame) -> usize {
    let outcome = bench.run(bench.inside, &packet.bytes());
    assert_eq!(outcome.action, xdp_action::REDIRECT);
    usize::from(outcome.frame[5])
}

fn check(vip: &str, client: impl Fn(u32) -> String) {
    let bench = weighted(vip.parse().expect("a VIP"), &[1, 2, 3]);
    let flows = 12_000;
    let mut counts = [0u32; 4];
    for flow in 0..flows {
        let packet = Frame::new(L4::Syn, &client(flow), vip).payload(0);
        counts[backend_of(&bench, &packet)] += 1;
    }
    for (backend, share) in [(1, 1.0 / 6.0), (2, 2.0 / 6.0), (3, 3.0 / 6.0)] {
        let got = f64::from(counts[backend]) / f64::from(flows);
        // Five standard deviations of a share of one half among 12,000 flows.
        assert!(
            (got - share).abs() < 0.023,
            "{vip}: backend {backend} got {got:.3}, {share:.3} expected: {counts:?}"
        );
    }
}

#[test]
fn flows_spread_by_weight() {
    check("192.0.2.10:80", |flow| format!("203.0.113.{}:{}", flow % 250 + 1, 1024 + flow / 250));
    check("[2001:db8::10]:80", |flow| format!("[2001:db8:1::{:x}]:{}", flow % 250 + 1, 1024 + flow / 250));
}

#[test]
fn a_flow_keeps_its_backend() {
    let bench = weighted("192.0.2.10:80".parse().expect("a VIP"), &[1; 7]);
    for port in 2000..2200 {
        let from = format!("203.0.113.9:{port}");
        let first = Frame::new(L4::Syn, &from, "192.0.2.10:80");
        let later = Frame::new(L4::Ack, &from, "192.0.2.10:80").ttl(9).payload(900).options(&[1; 4]);
        assert_eq!(backend_of(&bench, &first), backend_of(&bench, &later), "port {port}");
    }
}
