//! `no_backend = "reject"`: real clients are told, and need no timeout to notice.

use xdp_lb_lab::client::{Conversation, Failure};
use xdp_lb_lab::topology;

use crate::{
    service::Service,
    world::{DNS, ECHO, PATIENCE, Servers, VIPS, World, addresses},
};

const ECHOES: [&str; 2] = ["echo4", "echo6"];
const NAMES: [&str; 2] = ["dns4", "dns6"];

/// A TCP and a UDP service on each of [`VIPS`].
fn world(attach: &str) -> World {
    let network = topology::routed(2).unwrap();
    let mut services = Vec::new();
    for ((vip, echo), dns) in VIPS.into_iter().zip(ECHOES).zip(NAMES) {
        services.push(Service::new(echo, (vip, 7)).backends(addresses(&network, vip, ECHO)));
        services.push(Service::new(dns, (vip, 53)).udp().backends(addresses(&network, vip, DNS)));
    }
    let servers = Servers::default().echo(&network).dns(&network);
    World::with(network, servers, &services, |setup| {
        attach.clone_into(&mut setup.attach);
        setup.services = setup.services.replace("[[service]]\n", "[[service]]\nno_backend = \"reject\"\n");
    })
}

/// Says the same of every backend.
fn all(world: &World, verb: &str) {
    for service in ECHOES.iter().chain(&NAMES) {
        for backend in ["web-1", "web-2"] {
            world.daemon.command(&["backend", verb, service, backend]).unwrap();
        }
    }
}

fn connect(world: &World, vip: std::net::IpAddr) -> Result<Conversation, Failure> {
    world.network.client.host.enter(|| Ok(Conversation::open((vip, 7).into(), PATIENCE))).unwrap()
}

#[test]
fn clients_are_refused_at_once_and_only_while_there_is_no_backend() {
    refuses(&world("native"));
}

/// The kernel changes the ends of its own buffers then, not of the driver's.
#[test]
fn clients_are_refused_in_generic_mode_too() {
    refuses(&world("generic"));
}

fn refuses(world: &World) {
    let mut open = VIPS.map(|vip| connect(world, vip).unwrap());
    for conversation in &mut open {
        conversation.say("before").unwrap();
    }
    all(world, "maint");
    for vip in VIPS {
        assert_eq!(connect(world, vip).err(), Some(Failure::Refused), "TCP to {vip}");
        assert_eq!(world.ask((vip, 53).into()), Err(Failure::Refused), "UDP to {vip}");
    }
    let status = world.daemon.status().unwrap();
    for service in ECHOES.iter().chain(&NAMES) {
        // The first packet was answered: no second one was sent.
        assert_eq!(status.service(service).unwrap().dropped, 1, "{service}");
    }
    assert_eq!(status.drops["no-backend"], 4);
    // A connection whose server is gone ends too, instead of hanging.
    for conversation in &mut open {
        assert_eq!(conversation.say("after"), Err(Failure::Reset));
    }

    all(world, "ready");
    for vip in VIPS {
        connect(world, vip).unwrap().say("again").unwrap();
        world.ask((vip, 53).into()).unwrap();
    }
}
