//! The services of the bench, stored as the daemon stores them.

use std::net::{IpAddr, SocketAddr};

use xdp_lb::dataplane::{Dataplane, Endpoints};
use xdp_lb_common::{
    Be16,
    backend::{Backend, Mode, flag},
    endpoint::{Key as _, KeyV4, KeyV6, Role},
    service::{self, Policy, Service},
    slot::Slot,
};

use crate::frame::BACKEND_MAC;

/// A service with one backend in all of its slots, or with none.
pub(crate) struct Entry {
    /// Where clients send.
    pub(crate) vip: &'static str,
    /// 6 or 17.
    pub(crate) protocol: u8,
    /// Rewritten or only sent on.
    pub(crate) mode: Mode,
    /// The backend, if there is one.
    pub(crate) backend: Option<&'static str>,
    /// Where it is.
    pub(crate) via: Via,
    /// The flags of its [`Policy`].
    pub(crate) flags: u8,
}

/// The interface that a backend is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// The one that clients' packets come in by.
    In,
    /// The other one.
    Out,
    /// None that the program may send by.
    Foreign,
    /// Not known.
    Unknown,
}

const fn entry(vip: &'static str, protocol: u8, mode: Mode, backend: &'static str, via: Via) -> Entry {
    Entry { vip, protocol, mode, backend: Some(backend), via, flags: 0 }
}

const fn bare(vip: &'static str, protocol: u8, flags: u8) -> Entry {
    Entry { vip, protocol, mode: Mode::Nat, backend: None, via: Via::Unknown, flags }
}

/// Service and backend indices are positions in this table, counted from 0 and from 1.
pub(crate) const ENTRIES: &[Entry] = &[
    entry("192.0.2.10:80", 6, Mode::Nat, "10.0.1.11:8080", Via::Out),
    entry("192.0.2.10:53", 17, Mode::Nat, "10.0.1.11:5353", Via::Out),
    entry("192.0.2.20:80", 6, Mode::Dsr, "10.0.1.12:80", Via::Out),
    entry("192.0.2.20:53", 17, Mode::Dsr, "10.0.1.12:53", Via::Out),
    entry("192.0.2.30:80", 6, Mode::Nat, "10.0.0.50:80", Via::In),
    bare("192.0.2.40:80", 6, 0),
    entry("192.0.2.50:80", 6, Mode::Nat, "10.0.1.15:80", Via::Unknown),
    entry("192.0.2.60:80", 6, Mode::Dsr, "10.0.1.16:80", Via::Foreign),
    entry("[2001:db8::10]:80", 6, Mode::Nat, "[fd00:1::11]:8080", Via::Out),
    entry("[2001:db8::10]:53", 17, Mode::Nat, "[fd00:1::11]:5353", Via::Out),
    entry("[2001:db8::20]:80", 6, Mode::Dsr, "[fd00:1::12]:80", Via::Out),
    entry("[2001:db8::30]:80", 6, Mode::Nat, "[fd00::50]:80", Via::In),
    bare("[2001:db8::40]:80", 6, 0),
    bare("192.0.2.40:53", 17, 0),
    bare("192.0.2.70:80", 6, service::flag::REJECT),
    bare("192.0.2.70:53", 17, service::flag::REJECT),
    bare("[2001:db8::70]:80", 6, service::flag::REJECT),
    bare("[2001:db8::70]:53", 17, service::flag::REJECT),
    Entry {
        flags: service::flag::REJECT,
        ..entry("192.0.2.80:80", 6, Mode::Nat, "10.0.1.18:80", Via::Unknown)
    },
];

/// Index of an interface that is none of the program's.
const FOREIGN: u32 = 0x00ff_ffff;

/// An interface: its index and MAC address.
pub(crate) type Interface = (u32, [u8; 6]);

/// Stores all of [`ENTRIES`].
pub(crate) fn store(dataplane: &mut Dataplane, inside: Interface, outside: Interface) {
    let mut endpoints = Endpoints::default();
    for (index, entry) in (0..).zip(ENTRIES) {
        let vip: SocketAddr = entry.vip.parse().expect("a VIP");
        add(&mut endpoints, vip, entry.protocol, Role::Service, index);
        if let Some(address) = entry.backend {
            let address: SocketAddr = address.parse().expect("a backend");
            let (ifindex, source_mac) = match entry.via {
                Via::In => inside,
                Via::Out => outside,
                Via::Foreign => (FOREIGN, [0; 6]),
                Via::Unknown => (0, [0; 6]),
            };
            dataplane.store_backend(index + 1, &backend(entry, vip, address, index, ifindex, source_mac));
            if entry.mode == Mode::Nat {
                add(&mut endpoints, address, entry.protocol, Role::Reply, index + 1);
            }
        }
        let owner = entry.backend.map_or(Slot::default(), |_| Slot::default().stable(index + 1));
        dataplane.store_slots(index * 7, &[owner; 7]);
        let policy = Policy { flags: entry.flags, ..Policy::default() };
        dataplane.store_service(index, Service::new(index * 7, 7, policy));
    }
    let prepared = dataplane.prepare(&endpoints).expect("endpoints");
    dataplane.publish(&prepared);
}

fn backend(
    entry: &Entry,
    vip: SocketAddr,
    address: SocketAddr,
    service: u32,
    ifindex: u32,
    source_mac: [u8; 6],
) -> Backend {
    Backend {
        address: octets(address.ip()),
        vip: octets(vip.ip()),
        destination_mac: BACKEND_MAC,
        port: Be16::new(address.port()),
        source_mac,
        vip_port: Be16::new(vip.port()),
        ifindex,
        service,
        mode: entry.mode as u8,
        flags: flag::USED,
        ..Backend::default()
    }
    .with_deltas()
}

/// Adds an endpoint of either family.
pub(crate) fn add(endpoints: &mut Endpoints, address: SocketAddr, protocol: u8, role: Role, index: u32) {
    let port = Be16::new(address.port());
    match address.ip() {
        IpAddr::V4(ip) => {
            endpoints.v4.push((KeyV4::new(u32::from_ne_bytes(ip.octets()), port, protocol, role), index));
        }
        IpAddr::V6(ip) => {
            let [high, low] =
                [0, 8].map(|at| u64::from_ne_bytes(ip.octets()[at..at + 8].try_into().expect("eight bytes")));
            endpoints.v6.push((KeyV6::new([high, low], port, protocol, role), index));
        }
    }
}

/// An address as backends are stored.
pub(crate) fn octets(ip: IpAddr) -> [u8; 16] {
    let mut octets = [0; 16];
    match ip {
        IpAddr::V4(ip) => octets[..4].copy_from_slice(&ip.octets()),
        IpAddr::V6(ip) => octets = ip.octets(),
    }
    octets
}
