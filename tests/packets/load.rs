//! Services of every algorithm under a flood and after a million connections: who has connections keeps them, and they are
//! counted right.

use std::{collections::HashMap, env};

use aya::programs::{TestRun as _, TestRunOptions};
use xdp_lb::{
    config::Capacity,
    dataplane::{Needs, Sizes},
    slots,
};
use xdp_lb_common::{
    load::Terms,
    service::{Algorithm, Policy, Service, flag},
    slot::Slot,
};

use crate::{
    bench::Bench,
    frame::{Frame, L4, tcp},
    spread::weighted_in,
};

const VIP: &str = "192.0.2.10:80";
const BACKENDS: u32 = 3;

/// A service of three dsr backends that notes every flow.
fn bench(algorithm: Algorithm, flows: u32) -> Bench {
    let capacity = Capacity { flows: Some(flows), embryos: Some(4096), ..Capacity::default() };
    let sizes = Sizes::of(Needs::default(), capacity);
    let mut bench = weighted_in(sizes, VIP.parse().expect("a VIP"), &[1; BACKENDS as usize]);
    let size = slots::default_size(BACKENDS);
    let owners: Vec<_> = (0..size).map(|at| Slot::default().stable(1 + at % BACKENDS)).collect();
    bench.dataplane.store_slots(size, &slots::turns(&owners));
    let policy = Policy { sequence: size, algorithm, flags: flag::TRACKED, affinity: 0 };
    bench.dataplane.store_service(0, Service::new(0, size, policy));
    for backend in 1..=BACKENDS {
        bench.dataplane.store_terms(backend, Terms { share: 256, limit: 0 }, 1);
    }
    bench
}

/// Packets of numbered clients. Their checksums are wrong: the program carries wrong ones on, and dsr does not look.
struct Sender<'a> {
    bench: &'a Bench,
    templates: HashMap<u8, Vec<u8>>,
    out: Vec<u8>,
}

impl<'a> Sender<'a> {
    fn new(bench: &'a Bench) -> Self {
        let template = |flags: u8| {
            let l4 = if flags == tcp::SYN { L4::Syn } else { L4::Tcp(flags) };
            Frame::new(l4, "198.51.100.1:1024", VIP).payload(0).bytes()
        };
        let flags = [tcp::SYN, tcp::ACK, tcp::FIN | tcp::ACK, tcp::RST];
        Self { bench, templates: flags.map(|flags| (flags, template(flags))).into(), out: vec![0; 128] }
    }

    /// The backend that a packet with these flags gets, of the client with this number.
    fn send(&mut self, client: u64, flags: u8) -> u32 {
        let packet = self.templates.get_mut(&flags).expect("a template");
        packet[26..30].copy_from_slice(&(0x0b00_0000 + (client >> 14) as u32).to_be_bytes());
        packet[34..36].copy_from_slice(&(1024 + (client & 0x3fff) as u16).to_be_bytes());
        let mut options = TestRunOptions::new();
        options.data_in = Some(packet);
        options.data_out = Some(&mut self.out);
        let result = self.bench.program().test_run(options).expect("BPF_PROG_TEST_RUN");
        assert_eq!(
            result.return_value,
            crate::case::xdp_action::REDIRECT,
            "client {client}, flags {flags:#x}"
        );
        u32::from(self.out[5])
    }

    /// Opens a connection; its backend.
    fn open(&mut self, client: u64) -> u32 {
        let backend = self.send(client, tcp::SYN);
        assert_eq!(
            self.send(client, tcp::ACK),
            backend,
            "client {client}: SYN and ACK go to different backends"
        );
        backend
    }
}

/// A number of the environment, for longer runs by hand.
fn number(name: &str, default: u64) -> u64 {
    env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// SYNs from as many sources as `XDP_LB_FLOOD` says.
fn flood(algorithm: Algorithm) {
    const ESTABLISHED: u64 = 500;
    const ROUND: u64 = 10_000;
    let mut bench = bench(algorithm, 16_384);
    let mut clients: Vec<(u64, u32)> = {
        let mut sender = Sender::new(&bench);
        (0..ESTABLISHED).map(|client| (client, sender.open(client))).collect()
    };
    for round in 1..=number("XDP_LB_FLOOD", 100_000) / ROUND {
        bench.dataplane.set_clock(round as u32);
        let mut sender = Sender::new(&bench);
        for client in round << 20..(round << 20) + ROUND {
            sender.send(client, tcp::SYN);
        }
        // Somebody who is no attacker.
        let genuine = ESTABLISHED + round;
        clients.push((genuine, sender.open(genuine)));
        for (client, backend) in &clients {
            assert_eq!(
                sender.send(*client, tcp::ACK),
                *backend,
                "{algorithm:?}, round {round}: {client} has moved"
            );
        }
    }
    // Those that came in the flood were not noted, and are as soon as there is room and they are heard of.
    bench.dataplane.set_clock(u32::MAX / 4);
    let mut sender = Sender::new(&bench);
    for (client, backend) in clients.iter().chain(&clients) {
        assert_eq!(
            sender.send(*client, tcp::ACK),
            *backend,
            "{algorithm:?}, after the flood: {client} has moved"
        );
    }
    let live: u64 = (1..=BACKENDS).map(|backend| bench.dataplane.reader().load(backend).live).sum();
    assert_eq!(live, clients.len() as u64, "{algorithm:?}: every genuine connection and no other counts");
}

#[test]
fn a_flood_of_syns_moves_nobody_by_maglev() {
    flood(Algorithm::Maglev);
}

#[test]
fn a_flood_of_syns_moves_nobody_by_round_robin() {
    flood(Algorithm::RoundRobin);
}

#[test]
fn a_flood_of_syns_moves_nobody_by_least_connections() {
    flood(Algorithm::LeastConnections);
}

#[test]
fn a_flood_of_syns_moves_nobody_by_least_response_time() {
    flood(Algorithm::LeastResponseTime);
}

#[test]
fn a_million_connections_are_counted_right_through_a_table_that_runs_full() {
    const LIVE: u64 = 12_000;
    const SECOND: u64 = 1000;
    let mut bench = bench(Algorithm::LeastConnections, 8192);
    let mut backends: HashMap<u64, u32> = HashMap::new();
    let total = number("XDP_LB_CONNECTIONS", 1_000_000);
    for second in 0..total / SECOND {
        bench.dataplane.set_clock(1 + second as u32);
        let mut sender = Sender::new(&bench);
        for client in second * SECOND..(second + 1) * SECOND {
            backends.insert(client, sender.open(client));
            if client >= LIVE {
                let ended = client - LIVE;
                let flags = if ended.is_multiple_of(3) { tcp::RST } else { tcp::FIN | tcp::ACK };
                let backend = sender.send(ended, flags);
                assert_eq!(backends.remove(&ended), Some(backend), "client {ended} has moved");
            }
        }
    }
    let mut sender = Sender::new(&bench);
    let noted = bench.dataplane.flows();
    let mut model: HashMap<u32, u64> = HashMap::new();
    noted.sweep(xdp_lb_common::track::Table::Flows, |_, entry, _| {
        if entry.state().is_live() {
            *model.entry(entry.backend()).or_default() += 1;
        }
        xdp_lb_common::track::Keep::Yes
    });
    for backend in 1..=BACKENDS {
        let live = bench.dataplane.reader().load(backend).live;
        assert_eq!(Some(&live), model.get(&backend), "backend {backend}: the count is the table's");
    }
    // More connections than the table holds: what is noted is as much as there is room for, and the rest is not counted.
    let counted: u64 = model.values().sum();
    assert!((7000..=LIVE).contains(&counted), "{counted} of {LIVE} are noted");
    // With room for all of them every one counts.
    let ended: Vec<u64> = backends.keys().copied().collect();
    for client in ended {
        assert_eq!(Some(sender.send(client, tcp::RST)), backends.remove(&client));
    }
    let left: u64 = (1..=BACKENDS).map(|backend| bench.dataplane.reader().load(backend).live).sum();
    assert_eq!(left, 0, "all of {total} connections have ended");
}
