//! Pinned maps that a new daemon cannot use are replaced under way.

use std::net::{SocketAddr, UdpSocket};

use aya::maps::{Array, Map, MapData};
use xdp_lb_common::map;
use xdp_lb_lab::topology::{self, VIP4, VIP6};

use crate::{
    service::{QUICK, Service},
    world::{DNS, ECHO, PATIENCE, Servers, VIPS, World, addresses, toml},
};

/// Client ports whose way is followed.
const PORTS: std::ops::Range<u16> = 20_000..20_048;

fn services(network: &topology::Network) -> Vec<Service> {
    let mut services = Vec::new();
    for (vip, family) in VIPS.into_iter().zip(["4", "6"]) {
        let echo = Service::new(&format!("echo{family}"), (vip, 7)).health(QUICK);
        services.push(echo.backends(addresses(network, vip, ECHO)));
        let dns = Service::new(&format!("dns{family}"), (vip, 53)).udp();
        services.push(dns.backends(addresses(network, vip, DNS)));
    }
    services
}

fn world() -> World {
    let network = topology::routed(3).unwrap();
    let servers = Servers::default().echo(&network).dns(&network);
    let services = services(&network);
    World::new(network, servers, &services)
}

/// Who answers each of the client's [`PORTS`].
fn who(world: &World) -> Vec<String> {
    let client = &world.network.client;
    let ask = |vip, port| -> anyhow::Result<String> {
        let socket = UdpSocket::bind((client.address_like(vip), port))?;
        socket.connect(SocketAddr::new(vip, 53))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.send(b"who?")?;
        let mut answer = [0; 100];
        let length = socket.recv(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer[..length]).split(' ').next().unwrap_or_default().to_owned())
    };
    let all = || VIPS.into_iter().flat_map(|vip| PORTS.map(move |port| (vip, port)));
    client.host.enter(|| all().map(|(vip, port)| ask(vip, port)).collect()).unwrap()
}

fn meta(world: &World) -> Array<MapData, u64> {
    let data = MapData::from_pin(world.daemon.pin().join("maps").join(map::META)).unwrap();
    Array::try_from(Map::Array(data)).unwrap()
}

/// Restarts the daemon, which must replace the maps and say so by `reason`, under traffic. `carried`: with the counters.
fn replaced(world: &mut World, reason: &str, carried: bool) {
    let seed = meta(world).get(&map::meta::SEED, 0).unwrap();
    let before = who(world);
    let mut open = [world.converse((VIP4, 7).into(), 15), world.converse((VIP6, 7).into(), 15)];
    world.daemon.start_again().unwrap();
    let log = world.daemon.log();
    assert!(log.contains("pinned maps cannot be reused") && log.contains(reason), "{log}");
    for conversations in &mut open {
        conversations.go_on("with new maps");
    }
    assert_eq!(who(world), before, "the same client port has another backend");
    let meta = meta(world);
    assert_eq!(meta.get(&map::meta::SEED, 0).unwrap(), seed);
    assert_eq!(meta.get(&map::meta::ABI, 0).unwrap(), xdp_lb_common::ABI);
    for folder in ["maps-new", "maps-old"] {
        assert!(!world.daemon.pin().join(folder).exists(), "{folder} is left");
    }
    let status = world.daemon.all_up().unwrap();
    let once = u64::from(PORTS.end - PORTS.start);
    assert_eq!(status.service("dns4").unwrap().traffic.packets, if carried { 2 * once } else { once });
    assert!(status.drops.values().all(|&packets| packets == 0), "{:?}", status.drops);
}

#[test]
fn maps_of_another_layout_are_replaced() {
    let mut world = world();
    world.daemon.kill().unwrap();
    meta(&world).set(map::meta::ABI, 0x0bad, 0).unwrap();
    replaced(&mut world, "their layout is 0000000000000bad", false);
}

#[test]
fn maps_that_are_too_small_are_replaced() {
    let mut world = world();
    // The reload cannot make room, says so and how, and leaves everything as it is.
    let grow = "capacity = { services = 1000, backends = 5000, slots = 1000000 }";
    let many: Vec<_> = (0..80).map(|port| Service::new(&format!("s{port}"), (VIP4, 1000 + port))).collect();
    let wanted = services(&world.network).into_iter().chain(many).collect::<Vec<_>>();
    let before = world.daemon.setup().clone();
    world.daemon.configure(|setup| setup.services = toml(&wanted)).unwrap();
    let error = world.daemon.command(&["reload"]).unwrap_err().to_string();
    assert!(error.contains("services: 65 needed, the maps were made for 64"), "{error}");
    assert_eq!(world.daemon.status().unwrap().services.len(), 4);

    world.daemon.configure(|setup| *setup = before).unwrap();
    world.daemon.configure(|setup| setup.datapath = grow.to_owned()).unwrap();
    world.daemon.terminate().unwrap();
    replaced(&mut world, "they hold 64 services, 1024 backends, 262144 slots", true);
    world.daemon.configure(|setup| setup.services = toml(&wanted)).unwrap();
    world.daemon.command(&["reload"]).unwrap();
    assert_eq!(world.daemon.status().unwrap().services.len(), 84);
}

/// Whatever asks for less is served by the maps that are there.
#[test]
fn maps_that_suffice_are_kept() {
    let mut world = world();
    let before = who(&world);
    world.daemon.terminate().unwrap();
    world.daemon.configure(|setup| setup.datapath = "capacity = { services = 10 }".to_owned()).unwrap();
    world.daemon.start_again().unwrap();
    assert!(!world.daemon.log().contains("cannot be reused"), "{}", world.daemon.log());
    assert_eq!(who(&world), before);
    // Both rounds are counted.
    let status = world.daemon.status().unwrap();
    assert_eq!(status.service("dns6").unwrap().traffic.packets, 2 * u64::from(PORTS.end - PORTS.start));
}
