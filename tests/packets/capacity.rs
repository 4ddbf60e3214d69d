//! The maps are as large as the operator says; nothing is compiled in.

use xdp_lb::{
    config::Capacity,
    dataplane::{Endpoints, Needs, Sizes},
};
use xdp_lb_common::{
    Be16,
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

const SERVICES: u32 = 4096;
const BACKENDS: u32 = 65_536;
const SLOTS: u32 = 4_000_000;

/// Service `index` is port `10000 + index` of one VIP and has sixteen nat backends, the last ones of all at the end.
#[test]
fn four_thousand_services_with_sixty_five_thousand_backends_and_four_million_slots() {
    let capacity = Capacity {
        services: Some(SERVICES),
        backends: Some(BACKENDS),
        slots: Some(SLOTS),
        ..Capacity::default()
    };
    let mut bench = Bench::empty(Sizes::of(Needs::default(), capacity));
    let (each, size) = (BACKENDS / SERVICES, SLOTS / SERVICES);
    let vip = |service: u32| format!("192.0.2.10:{}", 10_000 + service);
    let mut endpoints = Endpoints::default();
    for service in 0..SERVICES {
        let at = vip(service).parse().expect("a VIP");
        state::add(&mut endpoints, at, 6, Role::Service, service);
        for backend in service * each + 1..=(service + 1) * each {
            let [_, a, b, c] = backend.to_be_bytes();
            let address = std::net::SocketAddr::from(([10, a, b, c], 80));
            let record = Backend {
                address: state::octets(address.ip()),
                vip: state::octets(at.ip()),
                destination_mac: [2, 0, 0, a, b, c],
                port: Be16::new(80),
                vip_port: Be16::new(at.port()),
                ifindex: bench.outside.0,
                service,
                mode: Mode::Nat as u8,
                flags: flag::USED,
                ..Backend::default()
            };
            bench.dataplane.store_backend(backend, &record.with_deltas());
            state::add(&mut endpoints, address, 6, Role::Reply, backend);
        }
        let table: Vec<_> =
            (0..size).map(|slot| Slot::default().stable(service * each + 1 + slot % each)).collect();
        bench.dataplane.store_slots(service * size, &table);
        bench.dataplane.store_service(service, Service::new(service * size, size, Policy::default()));
    }
    let prepared = bench.dataplane.prepare(&endpoints).expect("endpoints");
    bench.dataplane.publish(&prepared);

    for service in [0, 1, SERVICES / 2, SERVICES - 1] {
        for port in 0..200 {
            let from = format!("203.0.113.7:{}", 20_000 + port);
            let packet = Frame::new(L4::Syn, &from, &vip(service));
            let outcome = bench.run(bench.inside, &packet.bytes());
            assert_eq!(outcome.action, xdp_action::REDIRECT, "service {service}, {:?}", outcome.reasons);
            let [.., a, b, c] = outcome.frame[..6] else { panic!("no MAC address") };
            let backend = u32::from_be_bytes([0, a, b, c]);
            assert_eq!((backend - 1) / each, service, "a backend of another service");
            crate::frame::assert_sound("full maps", &outcome.frame);
        }
    }
}

#[test]
fn endpoints_beyond_the_capacity_are_refused_and_change_nothing() {
    let capacity = Capacity { services: Some(1), backends: Some(1), slots: Some(1), ..Capacity::default() };
    let mut bench = Bench::empty(Sizes::of(Needs::default(), capacity));
    let packet = Frame::new(L4::Syn, "203.0.113.7:20000", "192.0.2.10:80").bytes();
    let mut endpoints = Endpoints::default();
    state::add(&mut endpoints, "192.0.2.10:80".parse().expect("a VIP"), 6, Role::Service, 0);
    let prepared = bench.dataplane.prepare(&endpoints).expect("one endpoint");
    bench.dataplane.publish(&prepared);
    assert_eq!(bench.run(bench.inside, &packet).action, xdp_action::DROP, "the service has no backend");
    for port in 0..1000 {
        let vip = std::net::SocketAddr::from(([192, 0, 2, 11], port));
        state::add(&mut endpoints, vip, 6, Role::Service, 0);
    }
    let first = endpoints.v4[0];
    endpoints.v4.push(first);
    let error = bench.dataplane.prepare(&endpoints).expect_err("twice").to_string();
    assert!(error.contains("is there twice"), "{error}");
    endpoints.v4.pop();
    let error = bench.dataplane.prepare(&endpoints).expect_err("too many").to_string();
    assert!(error.contains("1001 needed"), "{error}");
    assert_eq!(bench.run(bench.inside, &packet).action, xdp_action::DROP, "the service is still there");
}

#[test]
fn seventy_interfaces_and_no_more_than_the_maps_were_made_for() {
    let sizes = Sizes::of(Needs { interfaces: 70, ..Needs::default() }, Capacity::default());
    let mut bench = Bench::empty(Sizes { devices: 72, ..sizes });
    for number in 0..36 {
        bench.ip(&format!("link add more{number} type veth peer name far{number}"));
    }
    for number in 0..35 {
        bench.attach(&format!("more{number}")).expect("attached");
        bench.attach(&format!("far{number}")).expect("attached");
    }
    let error = bench.attach("more35").expect_err("too many").to_string();
    assert!(error.contains("no more than 72 interfaces"), "{error}");
}
