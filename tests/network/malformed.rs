//! Broken frames from the wire: none leaves the machine, each is counted, and the service goes on.

use std::net::SocketAddr;
use std::time::Duration;

use etherparse::TransportHeader;
use xdp_lb_lab::PacketSocket;
use xdp_lb_lab::topology::{self, VIP4, VIP6};

use crate::{
    frames::{Dice, L3, L4, Macs, frame, sound, whole},
    service::{QUICK, Service},
    world::{DNS, HTTP, Servers, VIPS, World, addresses},
};

/// Frames of each random kind.
const ROUNDS: usize = 1500;
/// Frames sent before what came of them is looked at.
const BURST: usize = 250;
const QUIET: Duration = Duration::from_millis(40);

/// A world with a wire tap at its backends and a wire to its balancer.
struct Wire {
    taps: Vec<PacketSocket>,
    client: PacketSocket,
    macs: Macs,
    world: World,
}

impl Wire {
    fn new(attach: &str) -> Self {
        let network = topology::routed(2).unwrap();
        let mut services = Vec::new();
        for (vip, family) in VIPS.into_iter().zip(["4", "6"]) {
            let web = Service::new(&format!("web{family}"), (vip, 80)).health(QUICK);
            services.push(web.backends(addresses(&network, vip, HTTP)));
            let dns = Service::new(&format!("dns{family}"), (vip, 53)).udp();
            services.push(dns.backends(addresses(&network, vip, DNS)));
        }
        let servers = Servers::default().web(&network).dns(&network);
        let world = World::with(network, servers, &services, |setup| attach.clone_into(&mut setup.attach));
        let backends = world.network.backends.iter();
        let taps = backends.map(|backend| PacketSocket::open(&backend.host, "eth0").unwrap()).collect();
        let client = PacketSocket::open(&world.network.client.host, "eth0").unwrap();
        let balancer = PacketSocket::open(world.balancer(), "cl").unwrap();
        Self { taps, macs: (client.mac(), balancer.mac()), client, world }
    }

    /// A right frame to one of the services, from a client port.
    fn base(&self, kind: usize, port: u16, payload: &[u8]) -> Vec<u8> {
        let vip = VIPS[kind % 2];
        let (l4, service) = [(L4::Ack, 80), (L4::Udp, 53), (L4::Syn, 80)][kind / 2 % 3];
        let from = (self.world.network.client.address_like(vip), port).into();
        frame(self.macs, l4, from, SocketAddr::new(vip, service), payload)
    }

    /// Sends frames in bursts and checks what arrives at the backends; returns how many frames that is.
    fn send(&self, frames: &[Vec<u8>], check: impl Fn(&[u8])) -> usize {
        let mut arrived = 0;
        for burst in frames.chunks(BURST) {
            for frame in burst {
                self.client.send(frame).unwrap();
            }
            for tap in &self.taps {
                let frames = tap.received(QUIET).unwrap();
                for frame in &frames {
                    check(frame);
                }
                arrived += frames.len();
            }
        }
        arrived
    }

    /// The balancer still does its work, with the same daemon.
    fn alive(&self) {
        for vip in VIPS {
            assert_eq!(self.world.spread((vip, 80).into(), 40).len(), 2);
            self.world.ask((vip, 53).into()).unwrap();
        }
        let log = self.world.daemon.log();
        assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
    }
}

fn overwrite(frame: &mut [u8], at: usize, bytes: &[u8]) {
    frame[at..at + bytes.len()].copy_from_slice(bytes);
}

/// Each kind of fault a hundred times, and exactly these are counted, under their reasons.
#[test]
fn faults_are_counted_by_reason() {
    let wire = Wire::new("native");
    let dropped = |reason: &str| wire.world.daemon.status().unwrap().drops[reason];
    let (v4, v6) = (0, 1);
    let (ack, udp) = (0, 2);
    // Base frame, where to write, what to write, and the reason.
    let faults: [(usize, usize, &[u8], &str); 7] = [
        (v4 + ack, L3 + 2, &[0x40, 0], "bad-ip-length"),
        (v6 + ack, L3 + 4, &[0x40, 0], "bad-ip-length"),
        (v4 + ack, L3 + 20 + 12, &[0x40], "bad-tcp-header"),
        (v6 + ack, L3 + 40 + 12, &[0xf0], "bad-tcp-header"),
        (v4 + udp, L3 + 20 + 4, &[0, 7], "bad-udp-length"),
        (v6 + udp, L3 + 40 + 4, &[0x40, 0], "bad-udp-length"),
        (v4 + ack, L3 + 8, &[1], "ttl-expired"),
    ];
    for (kind, at, bytes, reason) in faults {
        let before = dropped(reason);
        let frames: Vec<_> = (0..100)
            .map(|port| {
                let mut frame = wire.base(kind, 30_000 + port, b"four");
                overwrite(&mut frame, at, bytes);
                frame
            })
            .collect();
        wire.send(&frames, |frame| {
            whole(frame);
        });
        assert_eq!(dropped(reason) - before, 100, "{reason}, kind {kind}");
    }
    let status = wire.world.daemon.status().unwrap();
    assert_eq!(status.drops.values().sum::<u64>(), 700, "{:?}", status.drops);
    assert_eq!(status.services.iter().map(|service| service.dropped).sum::<u64>(), 700);
    wire.alive();
}

/// Right frames, cut at every length.
#[test]
fn frames_cut_short_do_not_arrive() {
    for attach in ["native", "generic"] {
        let wire = Wire::new(attach);
        let mut frames = Vec::new();
        for kind in 0..6 {
            let frame = wire.base(kind, 31_000, b"some payload");
            frames.extend((L3..frame.len()).map(|length| frame[..length].to_vec()));
        }
        let before = wire.world.daemon.status().unwrap();
        wire.send(&frames, |frame| {
            whole(frame);
        });
        let after = wire.world.daemon.status().unwrap();
        for service in &after.services {
            let backends =
                |status: &xdp_lb_lab::status::Status| status.service(&service.name).unwrap().traffic.packets;
            assert_eq!(backends(&before), backends(&after), "{attach}: something was forwarded");
        }
        assert!(after.drops["bad-ip-length"] >= 6 * 12, "{:?}", after.drops);
        wire.alive();
    }
}

/// Bytes of right frames changed at random, and frames of random bytes to the virtual addresses.
#[test]
fn random_frames_do_no_harm() {
    for attach in ["native", "generic"] {
        let wire = Wire::new(attach);
        let mut dice = Dice::new(0x1234_5678_9abc_def0);
        let mut frames = Vec::new();
        for round in 0..ROUNDS {
            let length = dice.below(1200);
            let payload = dice.bytes(length);
            let mut frame = wire.base(round, 32_000, &payload);
            let headers = (L3 + if round % 2 == 0 { 40 } else { 60 }).min(frame.len());
            for _ in 0..=dice.below(4) {
                // Not the MAC addresses, or the machine does not even look.
                let at = 12 + dice.below(headers - 12);
                frame[at] = dice.below(256) as u8;
            }
            frames.push(frame);
        }
        for round in 0..ROUNDS {
            let length = 14 + dice.below(1400);
            let mut frame = dice.bytes(length);
            overwrite(&mut frame, 0, &wire.macs.1);
            overwrite(&mut frame, 6, &wire.macs.0);
            let (kind, version, to, address): (_, _, _, &[u8]) = if round % 2 == 0 {
                ([0x08, 0x00], 0x45, L3 + 16, &VIP4.octets())
            } else {
                ([0x86, 0xdd], 0x60, L3 + 24, &VIP6.octets())
            };
            overwrite(&mut frame, 12, &kind);
            if length >= to + address.len() {
                frame[L3] = version;
                overwrite(&mut frame, to, address);
                frame[if round % 2 == 0 { L3 + 9 } else { L3 + 6 }] = [6, 17][round / 2 % 2];
            }
            frames.push(frame);
        }
        let arrived = wire.send(&frames, |frame| {
            whole(frame);
        });
        assert!(arrived > 0, "nothing at all has arrived: the tap is broken");
        wire.alive();
    }
}

/// Right frames from many clients, of all sizes: what arrives has right checksums, and all of it arrives.
#[test]
fn right_frames_arrive_with_right_checksums() {
    for attach in ["native", "generic"] {
        let wire = Wire::new(attach);
        let mut dice = Dice::new(0x0fed_cba9_8765_4321);
        let frames: Vec<_> = (0..ROUNDS)
            .map(|round| {
                let length = dice.below(1400);
                // Only UDP: the tap sees single packets, where TCP would be merged on its way into the host.
                wire.base(2 + round % 2, 33_000 + (round as u16), &dice.bytes(length))
            })
            .collect();
        let counted = std::cell::Cell::new(0);
        wire.send(&frames, |frame| {
            let to_dns = sound(frame) && matches!(whole(frame).transport, Some(TransportHeader::Udp(_)));
            counted.set(counted.get() + usize::from(to_dns));
        });
        assert_eq!(counted.get(), ROUNDS, "{attach}");
        let status = wire.world.daemon.status().unwrap();
        let packets = |name| status.service(name).unwrap().traffic.packets;
        assert_eq!(packets("dns4") + packets("dns6"), ROUNDS as u64);
        assert!(status.drops.values().all(|&packets| packets == 0), "{:?}", status.drops);
    }
}
