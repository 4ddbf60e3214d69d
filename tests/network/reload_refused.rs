//! Reloads that are refused: a report, and nothing changes.

use std::fs;

use xdp_lb_lab::topology::{self, VIP4};
use xdp_lb_lab::{Daemon, Setup, veth};

use crate::{
    service::{QUICK, Service},
    world::{HTTP, PATIENCE, Servers, World, addresses, freed, setup, xdp},
};

/// A change of the configuration.
type Change = Box<dyn Fn(&mut Setup)>;

fn world() -> World {
    let network = topology::routed(2).unwrap();
    let web = Service::new("web", (VIP4, 80)).health(QUICK);
    let web = web.backends(addresses(&network, VIP4.into(), HTTP));
    let servers = Servers::default().web(&network);
    World::new(network, servers, &[web])
}

/// Everything goes on as before `refusal`, which the status repeats.
fn unchanged(world: &World, refusal: &str) {
    let status = world.daemon.status().unwrap();
    let refused = status.refused.unwrap_or_default();
    assert!(refused.contains(refusal), "not refused for {refusal:?}: {refused}");
    let text = world.daemon.command(&["status"]).unwrap();
    assert!(text.contains("! the last reload was refused:"), "{text}");
    assert_eq!((status.revision, status.services.len()), (1, 1));
    assert_eq!(world.spread((VIP4, 80).into(), 40).len(), 2);
    for device in &world.network.interfaces {
        assert!(xdp(world.balancer(), device).is_some(), "{device} has lost the program");
    }
}

#[test]
fn a_bad_file_is_reported_with_its_place() {
    let mut world = world();
    let file = world.daemon.configuration_file();
    let good = fs::read_to_string(&file).unwrap();
    let bad = good.replace("protocol = \"tcp\"", "protokol = \"tcp\"");
    let line = bad.lines().position(|line| line.starts_with("protokol")).unwrap() + 1;
    fs::write(&file, &bad).unwrap();
    let error = world.daemon.command(&["reload"]).unwrap_err().to_string();
    assert!(error.contains("exit status: 1"), "{error}");
    for part in [&format!("{}:{line}:1", file.display()), "protokol", "protocol", "^"] {
        assert!(error.contains(part), "no {part:?} in {error}");
    }
    unchanged(&world, &format!("{}:{line}:1", file.display()));

    // The same by the signal, whose sender hears nothing: the log tells.
    fs::write(&file, "[datapath").unwrap();
    world.daemon.signal(nix::sys::signal::Signal::SIGHUP).unwrap();
    let place = format!("{}:1:", file.display());
    world
        .daemon
        .wait_for("the refusal", PATIENCE, |status| {
            Ok(status.refused.as_ref().is_some_and(|refused| refused.contains(&place)))
        })
        .unwrap();
    assert!(world.daemon.log().contains(&place), "{}", world.daemon.log());
    unchanged(&world, &place);

    fs::remove_file(&file).unwrap();
    world.daemon.command(&["reload"]).unwrap_err();
    unchanged(&world, &file.display().to_string());

    fs::write(&file, good).unwrap();
    world.daemon.command(&["reload"]).unwrap();
    let status = world.daemon.status().unwrap();
    assert_eq!((status.refused, status.revision), (None, 2));
}

#[test]
fn what_a_running_daemon_cannot_change_is_refused() {
    let mut world = world();
    let other = world.daemon.pin().with_extension("").display().to_string() + "-other";
    let changes: [(&str, Change); 5] = [
        ("[datapath] pin cannot be changed", {
            let other = other.clone();
            Box::new(move |setup| setup.pin = Some(other.clone().into()))
        }),
        ("[datapath] attach cannot be changed", Box::new(|setup| setup.attach = "generic".to_owned())),
        (
            "[datapath] hash_seed cannot be changed",
            Box::new(|setup| setup.datapath = "hash_seed = 7".to_owned()),
        ),
        ("[metrics] listen cannot be changed", Box::new(|setup| setup.metrics = "127.0.0.1:9465".to_owned())),
        ("no interface `be7`", Box::new(|setup| setup.interfaces.push("be7".to_owned()))),
    ];
    for (refusal, change) in changes {
        let before = world.daemon.setup().clone();
        world.daemon.configure(change).unwrap();
        let error = world.daemon.command(&["reload"]).unwrap_err().to_string();
        assert!(error.contains(refusal), "not refused for {refusal:?}: {error}");
        unchanged(&world, refusal);
        world.daemon.configure(|setup| *setup = before).unwrap();
    }
    assert!(!fs::exists(&other).unwrap(), "{other} was made");
}

#[test]
fn a_foreign_program_on_a_new_interface_refuses_the_reload() {
    let network = topology::routed(2).unwrap();
    let web = Service::new("web", (VIP4, 80)).health(QUICK);
    let web = web.backends(addresses(&network, VIP4.into(), HTTP).into_iter().take(1));
    let servers = Servers::default().web(&network);
    let some = vec!["cl".to_owned(), "be1".to_owned()];
    let mut world = World::with(network, servers, &[web], |setup| setup.interfaces.clone_from(&some));
    veth(world.balancer(), "free", &world.network.client.host, "eth9").unwrap();

    let mut other = setup(&world.network, &[]);
    other.interfaces = vec!["be2".to_owned()];
    (other.label, other.metrics) = ("other".to_owned(), "127.0.0.1:9465".to_owned());
    let other = Daemon::start(world.balancer(), other).unwrap();
    let theirs = xdp(world.balancer(), "be2").unwrap();

    // The free one comes first: it must be let go again.
    let wanted = ["cl", "be1", "free", "be2"].map(str::to_owned).to_vec();
    world.daemon.configure(|setup| setup.interfaces = wanted).unwrap();
    let error = world.daemon.command(&["reload"]).unwrap_err().to_string();
    assert!(error.contains("be2 already has the XDP program \"balancer\""), "{error}");
    freed(world.balancer(), "free");
    assert_eq!(xdp(world.balancer(), "be2"), Some(theirs));
    assert!(!world.daemon.pin().join("link/free").exists());
    assert_eq!(world.spread((VIP4, 80).into(), 20).len(), 1);
    drop(other);
}
