//! What operators do to backends at run time.

use std::net::SocketAddr;

use xdp_lb_lab::topology::{self, VIP4};

use crate::{
    service::{QUICK, Service},
    world::{ECHO, PATIENCE, Servers, World, addresses, toml},
};

const ENDPOINT: (std::net::Ipv4Addr, u16) = (VIP4, 7);

/// Two of three backends are configured.
fn world() -> (World, Vec<SocketAddr>) {
    let network = topology::routed(3).unwrap();
    let servers = Servers::default().echo(&network);
    let all = addresses(&network, VIP4.into(), ECHO);
    let service = service(&all);
    (World::new(network, servers, &[service]), all)
}

fn service(all: &[SocketAddr]) -> Service {
    Service::new("echo", ENDPOINT).health(QUICK).drain_timeout("2s").backends(all[..2].to_vec())
}

fn command(world: &World, arguments: &[&str]) -> String {
    world.daemon.command(&[&["backend"], arguments].concat()).unwrap()
}

/// The servers that new connections get.
fn servers(world: &World) -> Vec<String> {
    world.converse(ENDPOINT.into(), 60).names()
}

#[test]
fn drain_keeps_connections_and_ready_brings_new_ones() {
    let (world, _) = world();
    let mut open = world.converse(ENDPOINT.into(), 40);
    assert_eq!(command(&world, &["drain", "echo", "web-1"]), "done\n");
    open.go_on("web-1 drains");
    assert_eq!(servers(&world), ["web-2"]);
    let refused = world.daemon.command(&["backend", "drain", "echo", "web-1", "--wait", "--timeout", "1s"]);
    let refused = format!("{:#}", refused.unwrap_err());
    assert!(refused.contains("slots may still have connections"), "{refused}");
    for _ in 0..6 {
        open.go_on("web-1 drains");
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    drop(open);
    assert_eq!(command(&world, &["drain", "echo", "web-1", "--wait"]), "drained\n");
    assert_eq!(command(&world, &["ready", "echo", "web-1"]), "done\n");
    assert_eq!(servers(&world), ["web-1", "web-2"]);
}

#[test]
fn maint_is_at_once() {
    let (world, _) = world();
    let all = servers(&world);
    command(&world, &["maint", "echo", "web-1"]);
    let status = world.daemon.status().unwrap();
    assert_eq!(
        (status.backend("echo", "web-1").unwrap().slots, status.service("echo").unwrap().moving),
        (0, 0)
    );
    assert_eq!(servers(&world), ["web-2"]);
    command(&world, &["ready", "echo", "web-1"]);
    assert_eq!(servers(&world), all);
}

#[test]
fn what_was_said_outlives_reloads_and_restarts() {
    let (mut world, all) = world();
    command(&world, &["weight", "echo", "web-1", "9"]);
    command(&world, &["drain", "echo", "web-2"]);
    command(&world, &["add", "echo", &all[2].to_string(), "--weight", "3"]);
    let added = all[2].to_string();
    world
        .daemon
        .wait_for("the added backend", PATIENCE, |status| Ok(status.backend("echo", &added)?.slots > 0))
        .unwrap();
    let facts = |world: &World| {
        let status = world.daemon.status().unwrap();
        let of = |name: &str| {
            let backend = status.backend("echo", name).unwrap();
            (backend.weight, backend.admin.clone(), backend.slots)
        };
        ["web-1", "web-2", added.as_str()].map(of)
    };
    let before = facts(&world);
    assert_eq!((before[0].0, before[1].1.as_str(), before[1].2, before[2].0), (9, "drain", 0, 3));
    let mut open = world.converse(ENDPOINT.into(), 40);

    let revision = world.daemon.status().unwrap().revision;
    world.daemon.reload(&toml(&[service(&all)])).unwrap();
    world.daemon.wait_for("the reload", PATIENCE, |status| Ok(status.revision > revision)).unwrap();
    assert_eq!(facts(&world), before, "after a reload");
    world.daemon.kill().unwrap();
    world.daemon.start_again().unwrap();
    assert_eq!(facts(&world), before, "after a restart");
    open.go_on("after a restart");

    // Larger maps are filled with what the smaller ones held, flows on moving slots and counters included.
    let counted = world.daemon.status().unwrap().service("echo").unwrap().traffic;
    world.daemon.configure(|setup| setup.datapath = "capacity = { backends = 4000 }".to_owned()).unwrap();
    world.daemon.terminate().unwrap();
    world.daemon.start_again().unwrap();
    assert!(world.daemon.log().contains("pinned maps cannot be reused"), "{}", world.daemon.log());
    assert_eq!(facts(&world), before, "after a restart into larger maps");
    open.go_on("after a restart into larger maps");
    let now = world.daemon.status().unwrap().service("echo").unwrap().traffic;
    assert!(now.connections == counted.connections && now.packets > counted.packets, "{counted:?}, {now:?}");

    command(&world, &["weight", "echo", "web-1", "configured"]);
    command(&world, &["remove", "echo", &added, "--now"]);
    let status = world.daemon.status().unwrap();
    assert_eq!(status.backend("echo", "web-1").unwrap().weight, 1);
    assert!(status.backend("echo", &added).is_err());
    assert_eq!(servers(&world), ["web-1"]);
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let (world, all) = world();
    let refused = |arguments: &[&str], why: &str| {
        let error = format!("{:#}", world.daemon.command(&[&["backend"], arguments].concat()).unwrap_err());
        assert!(error.contains(why), "{arguments:?}: {error}");
    };
    refused(&["drain", "no", "web-1"], "there is no service no; there are: echo");
    refused(&["drain", "echo", "no"], "service echo has no backend no; it has: web-1, web-2");
    refused(&["add", "echo", &all[0].to_string()], "has the backend web-1");
    refused(&["add", "echo", "[fd00::1]:7"], "the VIP is IPv4, but this backend is IPv6");
    refused(&["add", "echo", "[::ffff:10.50.1.9]:7"], "an IPv4 address is written as IPv6: ");
    refused(&["add", "echo", "127.0.0.1:7"], "a backend cannot have a loopback address");
    refused(&["add", "echo", "255.255.255.255:7"], "a backend cannot have the broadcast address");
    refused(&["add", "echo", "10.50.1.9:0"], "a backend cannot have port 0");
    refused(&["add", "echo", &format!("{VIP4}:8")], "the backend has the address of its own VIP");
    refused(&["add", "echo", "10.50.1.9:7", "--name", ""], "the name of a backend must not be empty");
    refused(
        &["add", "echo", "10.50.1.9:7", "--name", "a b"],
        "`a b` cannot be the name of a backend: names are",
    );
    refused(&["add", "echo", "10.50.1.9:7", "--name", &"n".repeat(65)], "must not be longer than 64 bytes");
    refused(&["add", "echo", "10.50.1.9:7", "--name", "web-1"], "has the backend web-1");
    refused(&["weight", "echo", "web-1", "65536"], "a weight is 0 to 65535");
    assert_eq!(world.daemon.status().unwrap().service("echo").unwrap().backends.len(), 2);
    assert_eq!(servers(&world), ["web-1", "web-2"]);
}
