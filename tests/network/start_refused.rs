//! Starts that are refused: the reason is named, and nothing is left behind.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use aya::programs::links::{FdLink, PinnedLink};
use xdp_lb_lab::topology::{self, Network, VIP4};
use xdp_lb_lab::{Daemon, Setup, veth};

use crate::{
    service::Service,
    world::{HTTP, Servers, World, addresses, freed, setup, xdp},
};

/// A change of the configuration.
type Change<'a> = &'a dyn Fn(&mut Setup);

fn web(network: &Network) -> Service {
    Service::new("web", (VIP4, 80)).backends(addresses(network, VIP4.into(), HTTP))
}

/// A second daemon beside a world's own, on an interface of its own.
fn second(world: &World) -> Setup {
    let mut second = setup(&world.network, &[]);
    (second.label, second.metrics) = ("second".to_owned(), "127.0.0.1:9465".to_owned());
    second.interfaces = vec!["free".to_owned()];
    second
}

/// Nothing of a daemon that was refused remains.
fn nothing_left(network: &Network, setup: &Setup) {
    let host = &network.balancer.host;
    for device in &setup.interfaces {
        freed(host, device);
    }
    assert!(!fs::exists(setup.pin(host)).unwrap(), "{} is left", setup.pin(host).display());
    assert!(!fs::exists(setup.socket(host)).unwrap(), "{} is left", setup.socket(host).display());
}

#[test]
fn two_daemons_do_not_share_pins_socket_or_port() {
    let network = topology::routed(1).unwrap();
    veth(&network.balancer.host, "free", &network.client.host, "eth9").unwrap();
    let (servers, service) = (Servers::default().web(&network), web(&network));
    let world = World::new(network, servers, &[service]);

    let mut same = second(&world);
    same.pin = Some(world.daemon.pin());
    let log = same.refused(world.balancer()).unwrap();
    let wanted = format!("another xdp-lb daemon uses {}", world.daemon.pin().display());
    assert!(log.contains(&wanted), "{log}");
    assert!(!same.socket(world.balancer()).exists());

    let mut same = second(&world);
    same.socket = Some(world.daemon.socket());
    let log = same.refused(world.balancer()).unwrap();
    let wanted = format!("{} is in use by another daemon", world.daemon.socket().display());
    assert!(log.contains(&wanted), "{log}");
    assert!(!same.pin(world.balancer()).exists());

    let mut same = second(&world);
    "127.0.0.1:9464".clone_into(&mut same.metrics);
    let log = same.refused(world.balancer()).unwrap();
    assert!(log.contains("cannot listen on 127.0.0.1:9464 for [metrics]"), "{log}");
    nothing_left(&world.network, &same);

    // The first one has not noticed.
    assert_eq!(world.get((VIP4, 80).into(), "/").unwrap().status, 200);
    assert_eq!(world.daemon.status().unwrap().services.len(), 1);
    // With nothing in common there may be two.
    let other = Daemon::start(world.balancer(), second(&world)).unwrap();
    assert_eq!(other.status().unwrap().services.len(), 0);
}

#[test]
fn a_foreign_program_is_named_and_left_alone() {
    let network = topology::routed(2).unwrap();
    let host = &network.balancer.host;
    let mut theirs = setup(&network, &[]);
    theirs.interfaces = vec!["be2".to_owned()];
    (theirs.label, theirs.metrics) = ("theirs".to_owned(), "127.0.0.1:9465".to_owned());
    let theirs = Daemon::start(host, theirs).unwrap();
    let program = xdp(host, "be2").unwrap();

    // `cl` and `be1` are attached before `be2` refuses, and no other mode is tried.
    let mut ours = setup(&network, &[web(&network)]);
    for attach in ["auto", "generic", "native"] {
        attach.clone_into(&mut ours.attach);
        let log = ours.refused(host).unwrap();
        let wanted = format!(
            "be2 already has the XDP program \"balancer\" (id {}), which is not ours; it is another xdp-lb's: \
             `xdp-lb detach --pin {}`",
            program.0,
            theirs.pin().display()
        );
        assert!(log.contains(&wanted), "{log}");
        assert!(!log.contains("generic mode, which is slower"), "{log}");
        assert_eq!(xdp(host, "be2"), Some(program));
        // The log is added to.
        fs::write(host.directory().join("lb-xdp-lb.log"), "").unwrap();
    }
    let mut untouched = ours.clone();
    untouched.interfaces.retain(|device| device != "be2");
    nothing_left(&network, &untouched);

    // What is attached without a link is taken off by another command.
    let pinned = theirs.pin().join("prog/balancer");
    host.ip(&[&format!("link set dev cl xdpgeneric pinned {}", pinned.display())]).unwrap();
    let log = ours.refused(host).unwrap();
    assert!(log.contains("detach it first (`ip link set dev cl xdpgeneric off`)"), "{log}");
    host.ip(&["link set dev cl xdpgeneric off"]).unwrap();

    // A link whose pin is nowhere beside ours is known by its id.
    let link = PinnedLink::from_pin(theirs.pin().join("link/be2")).unwrap();
    let elsewhere = Path::new("/sys/fs/bpf").join(format!("{}-elsewhere", host.namespace()));
    fs::create_dir_all(elsewhere.join("pins")).unwrap();
    let id = FdLink::from(link).info().unwrap().id();
    ours.pin = Some(elsewhere.join("pins/xdp-lb"));
    let log = ours.refused(host).unwrap();
    assert!(log.contains(&format!("`bpftool link detach id {id}`")), "{log}");
    ours.pin = None;

    // Once it is gone the same configuration is fine.
    theirs.detach().unwrap();
    let _servers = Servers::default().web(&network);
    let ours = Daemon::start(host, ours).unwrap();
    assert_eq!(ours.status().unwrap().interfaces.len(), 3);
}

#[test]
fn a_start_that_fails_leaves_nothing() {
    let network = topology::routed(1).unwrap();
    let host = &network.balancer.host;
    let with = |change: Change<'_>| {
        let mut setup = setup(&network, &[web(&network)]);
        change(&mut setup);
        setup
    };
    let cases: [(&str, Change<'_>); 4] = [
        ("no interface `be7`", &|setup| setup.interfaces.push("be7".to_owned())),
        ("unknown key `colour`", &|setup| setup.datapath = "colour = 1".to_owned()),
        // The loopback device runs no program natively; the others are attached by then.
        ("cannot attach to lo in native mode", &|setup| setup.interfaces.push("lo".to_owned())),
        ("cannot listen on 10.50.9.9:9464", &|setup| setup.metrics = "10.50.9.9:9464".to_owned()),
    ];
    for (reason, change) in cases {
        let setup = with(change);
        let log = setup.refused(host).unwrap();
        assert!(log.contains(reason), "not for {reason:?}: {log}");
        let mut there = setup.clone();
        there.interfaces.retain(|device| device != "be7");
        nothing_left(&network, &there);
        // The log is added to.
        fs::write(host.directory().join("lb-xdp-lb.log"), "").unwrap();
    }
    let taken = host.enter(|| Ok(TcpListener::bind("127.0.0.1:9464")?)).unwrap();
    let setup = with(&|_| {});
    setup.refused(host).unwrap();
    nothing_left(&network, &setup);
    drop(taken);
    drop(Daemon::start(host, setup).unwrap());
}
