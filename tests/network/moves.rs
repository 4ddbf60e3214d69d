//! Backends come, go and change weight: connections on living backends stay where they are.

use std::net::SocketAddr;

use xdp_lb_lab::status::Status;
use xdp_lb_lab::topology::{self, Network, VIP4, VIP6};

use crate::{
    service::{QUICK, Service},
    world::{Conversations, ECHO, PATIENCE, Servers, VIPS, World, addresses, toml},
};

/// One echo service for each family, its backends with these weights; `None`: not configured.
fn services(network: &Network, weights: [Option<u16>; 3]) -> Vec<Service> {
    let each = VIPS.into_iter().zip(["echo4", "echo6"]);
    each.map(|(vip, name)| {
        let service = Service::new(name, (vip, 7)).health(QUICK).drain_timeout("2s");
        let backends = addresses(network, vip, ECHO).into_iter().zip(weights).zip(1..);
        backends.fold(service, |service, ((address, weight), number)| match weight {
            Some(weight) => service.backend(&format!("web-{number}"), address, weight),
            None => service,
        })
    })
    .collect()
}

/// Reloads with other weights and waits until it is done.
fn change(world: &mut World, weights: [Option<u16>; 3]) {
    let revision = world.daemon.status().unwrap().revision;
    let services = toml(&services(&world.network, weights));
    world.daemon.reload(&services).unwrap();
    world.daemon.wait_for("the reload", PATIENCE, |status| Ok(status.revision > revision)).unwrap();
}

fn moving(status: &Status) -> u64 {
    status.services.iter().map(|service| service.moving).sum()
}

fn all_go_on(open: &mut [Conversations], when: &str) {
    for conversations in open {
        conversations.go_on(when);
    }
}

#[test]
fn connections_stay_where_they_are() {
    let network = topology::routed(3).unwrap();
    let servers = Servers::default().echo(&network);
    let first = services(&network, [Some(1), Some(1), None]);
    let mut world = World::new(network, servers, &first);
    let endpoints: [SocketAddr; 2] = [(VIP4, 7).into(), (VIP6, 7).into()];
    let mut open: Vec<_> = endpoints.iter().map(|endpoint| world.converse(*endpoint, 150)).collect();
    let mut step = |world: &mut World, when: &str, weights| {
        change(world, weights);
        all_go_on(&mut open, when);
        // Each step's new connections are held open through the later ones.
        open.extend(endpoints.iter().map(|endpoint| world.converse(*endpoint, 50)));
    };
    step(&mut world, "a backend was added", [Some(1), Some(1), Some(1)]);
    assert!(moving(&world.daemon.status().unwrap()) > 0);
    step(&mut world, "a weight was raised", [Some(1), Some(5), Some(1)]);
    step(&mut world, "a weight was taken away", [Some(0), Some(5), Some(1)]);
    step(&mut world, "a backend was removed", [None, Some(5), Some(1)]);
    step(&mut world, "another was removed", [None, None, Some(1)]);
    step(&mut world, "both came back", [Some(3), Some(1), Some(1)]);

    // Another daemon takes over in the midst of it.
    world.daemon.kill().unwrap();
    all_go_on(&mut open, "no daemon ran");
    world.daemon.start_again().unwrap();
    all_go_on(&mut open, "a daemon took over");

    // With everybody still talking the windows end; what still matters of the moves stays.
    let talk = |status: &Status| {
        all_go_on(&mut open, "windows ended");
        Ok(status
            .services
            .iter()
            .all(|service| service.backends.len() == 3 && service.moving < service.slots))
    };
    world.daemon.wait_for("slots to settle", PATIENCE, talk).unwrap();

    // With nobody talking any more every slot comes to rest, and as the weights say.
    drop(open);
    let status =
        world.daemon.wait_for("all moves to end", 2 * PATIENCE, |status| Ok(moving(status) == 0)).unwrap();
    for service in &status.services {
        let share = |name: &str| service.backends.iter().find(|backend| backend.name == name).unwrap().share;
        for (name, exact) in [("web-1", 0.6), ("web-2", 0.2), ("web-3", 0.2)] {
            assert!((share(name) - exact).abs() < 0.01, "{}: {name} has {}", service.name, share(name));
        }
    }
}

#[test]
fn a_removed_backend_leaves_when_its_last_connection_has_ended() {
    let network = topology::routed(3).unwrap();
    let servers = Servers::default().echo(&network);
    let first = services(&network, [Some(1), Some(1), None]);
    let mut world = World::new(network, servers, &first);
    let mut open = world.converse((VIP4, 7).into(), 40);
    assert_eq!(open.servers(), 2);
    change(&mut world, [Some(1), None, None]);
    let backends = |status: &Status| status.service("echo4").unwrap().backends.len();
    assert_eq!(backends(&world.daemon.status().unwrap()), 2, "it is still shown");
    let fresh = world.converse((VIP4, 7).into(), 40);
    assert_eq!(fresh.servers(), 1, "new connections go elsewhere");
    for _ in 0..8 {
        open.go_on("its backend is leaving");
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    assert_eq!(backends(&world.daemon.status().unwrap()), 2, "it has connections yet");
    drop(open);
    world.daemon.wait_for("the backend to leave", 2 * PATIENCE, |status| Ok(backends(status) == 1)).unwrap();
    assert!(world.daemon.log().contains("backend has left"), "{}", world.daemon.log());
    drop(fresh);
}
