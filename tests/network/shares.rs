//! Who gets new connections: slow start, backups, panic.

use aya::maps::{Array, Map, MapData};
use xdp_lb_common::{load, map};
use xdp_lb_lab::server::Nginx;
use xdp_lb_lab::status::{Backend, Status};
use xdp_lb_lab::topology::{self, Network, VIP4};

use crate::{
    service::{QUICK, Service},
    world::{ECHO, HTTP, PATIENCE, Servers, World, addresses, toml},
};

const ENDPOINT: (std::net::Ipv4Addr, u16) = (VIP4, 7);

/// An echo that is as healthy as the web server beside it: one can go without the other.
fn echo(network: &Network) -> Service {
    let health = format!("{QUICK}\n  port = {HTTP}");
    let backends = addresses(network, VIP4.into(), ECHO);
    Service::new("echo", ENDPOINT).health(&health).drain_timeout("2s").backends(backends)
}

fn world(backends: usize, change: impl FnOnce(Service) -> Service) -> World {
    let network = topology::routed(backends).unwrap();
    let servers = Servers::default().echo(&network).web(&network);
    let service = change(echo(&network));
    World::new(network, servers, &[service])
}

fn backend<'a>(status: &'a Status, name: &str) -> &'a Backend {
    status.backend("echo", name).unwrap()
}

/// Waits until the health of `web-1`, `web-2` and so on is as wanted.
fn healthy(world: &World, wanted: &[bool]) -> Status {
    let is = |status: &Status| {
        status.service("echo").unwrap().backends.iter().map(Backend::is_up).eq(wanted.iter().copied())
    };
    world.daemon.wait_for(&format!("health {wanted:?}"), PATIENCE, |status| Ok(is(status))).unwrap()
}

/// The servers that new connections get.
fn servers(world: &World) -> Vec<String> {
    world.converse(ENDPOINT.into(), 60).names()
}

fn reload(world: &World) {
    assert_eq!(world.daemon.command(&["reload"]).unwrap(), "reloaded\n");
}

#[test]
fn who_comes_back_starts_slowly() {
    let mut world = world(2, |service| service.keys("slow_start = \"10s\""));
    let even = world.daemon.status().unwrap();
    assert!(even.services[0].backends.iter().all(|backend| backend.slow_start.is_none()), "{even:?}");
    world.servers.nginx[0].kill().unwrap();
    healthy(&world, &[false, true]);
    world.servers.nginx[0].restart().unwrap();
    let status = healthy(&world, &[true, true]);
    let first = backend(&status, "web-1").slow_start.unwrap();
    assert!(first < 0.9, "{first}");
    assert!(backend(&status, "web-1").slots < backend(&status, "web-2").slots);
    assert!(world.daemon.command(&["status"]).unwrap().contains("; slow start "), "{status:?}");

    reload(&world);
    let mut last = status;
    let mut steps = 0;
    let grows = |status: &Status| {
        let (before, now) = (backend(&last, "web-1"), backend(status, "web-1"));
        assert!(now.slots >= before.slots, "{before:?}\n{now:?}");
        assert!(now.slow_start.unwrap_or(1.0) >= before.slow_start.unwrap_or(1.0), "{before:?}\n{now:?}");
        steps += u32::from(now.slots > before.slots);
        last = status.clone();
        Ok(now.slow_start.is_none())
    };
    let end = world.daemon.wait_for("the slow start to end", 2 * PATIENCE, grows).unwrap();
    assert!(steps >= 3, "{steps} steps");
    let difference = backend(&end, "web-1").slots.abs_diff(backend(&end, "web-2").slots);
    assert!(difference <= 1, "{end:?}");

    // An operator brings one back, too; a restart does not.
    world.daemon.command(&["backend", "drain", "echo", "web-2"]).unwrap();
    world.daemon.command(&["backend", "ready", "echo", "web-2"]).unwrap();
    let status = world.daemon.status().unwrap();
    assert!(backend(&status, "web-2").slow_start.is_some_and(|part| part < 0.9), "{status:?}");
    world
        .daemon
        .wait_for("the other slow start", 2 * PATIENCE, |status| {
            Ok(backend(status, "web-2").slow_start.is_none())
        })
        .unwrap();
    world.daemon.kill().unwrap();
    world.daemon.start_again().unwrap();
    let status = world.daemon.status().unwrap();
    assert!(status.services[0].backends.iter().all(|backend| backend.slow_start.is_none()), "{status:?}");
}

#[test]
fn one_that_is_alone_is_not_slow() {
    let mut world = world(2, |service| service.keys("slow_start = \"1h\""));
    for nginx in &mut world.servers.nginx {
        nginx.kill().unwrap();
    }
    healthy(&world, &[false, false]);
    world.servers.nginx[1].restart().unwrap();
    let status = healthy(&world, &[false, true]);
    let alone = backend(&status, "web-2");
    assert_eq!((alone.slow_start, alone.slots), (None, status.services[0].slots));
    assert_eq!(servers(&world), ["web-2"]);
}

#[test]
fn backups_serve_while_no_other_can() {
    let mut world = world(3, |service| service.backend_keys("backup = true"));
    let primaries = ["web-1", "web-2"];
    assert_eq!(servers(&world), primaries);
    world.servers.nginx[0].kill().unwrap();
    healthy(&world, &[false, true, true]);
    assert_eq!(servers(&world), ["web-2"], "one is enough");
    world.daemon.command(&["backend", "drain", "echo", "web-2"]).unwrap();
    let status = world.daemon.status().unwrap();
    assert_eq!(status.warnings, ["service echo runs on its backups: no other backend is usable"]);
    assert_eq!(backend(&status, "web-3").slots, status.services[0].slots);
    let mut open = world.converse(ENDPOINT.into(), 30);
    assert_eq!(open.names(), ["web-3"]);
    reload(&world);
    assert_eq!(servers(&world), ["web-3"], "after a reload");
    world.daemon.kill().unwrap();
    world.daemon.start_again().unwrap();
    assert_eq!(servers(&world), ["web-3"], "after a restart");

    world.servers.nginx[0].restart().unwrap();
    let status = healthy(&world, &[true, true, true]);
    assert!(status.warnings.is_empty(), "{:?}", status.warnings);
    assert_eq!(servers(&world), ["web-1"], "the backup gives back");
    world.daemon.command(&["backend", "ready", "echo", "web-2"]).unwrap();
    assert_eq!(servers(&world), primaries);
    open.go_on("others serve again");
}

#[test]
fn in_panic_traffic_flows_whatever_the_checks_say() {
    let mut world = world(3, |service| service.keys("panic_threshold = 50"));
    world.servers.nginx[0].kill().unwrap();
    let status = healthy(&world, &[false, true, true]);
    assert!(!status.services[0].panic && status.warnings.is_empty(), "{status:?}");
    assert_eq!(servers(&world), ["web-2", "web-3"]);
    let mut open = world.converse(ENDPOINT.into(), 40);
    world.servers.nginx[1].kill().unwrap();
    let status = healthy(&world, &[false, false, true]);
    assert!(status.services[0].panic, "{status:?}");
    let warning = "service echo is in panic: 1 of 3 backends healthy, less than 50 %; health is ignored";
    assert_eq!(status.warnings, [warning]);
    open.go_on("in panic");
    let all = ["web-1", "web-2", "web-3"];
    assert_eq!(servers(&world), all);

    // The wrong port to check: all are down.
    let wrong = echo(&world.network).health(&format!("{QUICK}\n  port = 9")).keys("panic_threshold = 50");
    world.daemon.configure(|setup| setup.services = toml(&[wrong])).unwrap();
    reload(&world);
    healthy(&world, &[false, false, false]);
    open.go_on("all are down");
    assert_eq!(servers(&world), all);
    world.daemon.kill().unwrap();
    world.daemon.start_again().unwrap();
    open.go_on("all are down, after a restart");
    assert_eq!(servers(&world), all);
    let status = world.daemon.status().unwrap();
    assert!(status.services[0].panic && status.services[0].backends.iter().all(|backend| !backend.is_up()));

    for nginx in &mut world.servers.nginx[..2] {
        nginx.restart().unwrap();
    }
    // Until the last is up: whoever is down when panic ends loses its connections.
    let right = echo(&world.network).keys("panic_threshold = 100");
    world.daemon.configure(|setup| setup.services = toml(&[right])).unwrap();
    reload(&world);
    let status = healthy(&world, &[true, true, true]);
    assert!(!status.services[0].panic && status.warnings.is_empty(), "{status:?}");
    open.go_on("all is well again");
}

/// With dsr nobody but the daemon sees how fast backends answer.
#[test]
fn checks_measure_response_times_for_dsr() {
    let network = topology::segment(2).unwrap();
    let mut servers = Servers::default();
    for (node, number) in network.backends.iter().zip(1..) {
        servers.nginx.push(Nginx::start(&node.host, &format!("web-{number}"), 80).unwrap());
    }
    let web = Service::new("web", (VIP4, 80)).dsr().health(QUICK);
    let web = web.keys("algorithm = \"least-response-time\"").backends(addresses(&network, VIP4.into(), 80));
    let world = World::new(network, servers, &[web]);
    let data = MapData::from_pin(world.daemon.pin().join("maps").join(map::LOADS)).unwrap();
    let loads = Array::<_, [u64; load::WORDS]>::try_from(Map::Array(data)).unwrap();
    // The response time is the third word (`Load::response`); a connect takes less than the check's timeout.
    let times: Vec<u64> =
        (0..16).map(|index| loads.get(&index, 0).unwrap()[2]).filter(|time| *time > 0).collect();
    assert!(times.len() == 2 && times.iter().all(|time| *time < 1_000_000), "{times:?}");
    assert_eq!(world.get((VIP4, 80).into(), "/").unwrap().status, 200);
}
