//! Weights: shares of the slots, and of the connections.

use xdp_lb_lab::topology::{self, VIP4};

use crate::{
    service::{QUICK, Service},
    world::{HTTP, Servers, World, addresses},
};

const REQUESTS: u32 = 3000;
const WEIGHTS: [u16; 3] = [1, 2, 3];

#[test]
fn shares_and_connections_follow_the_weights() {
    let network = topology::routed(3).unwrap();
    let addresses = addresses(&network, VIP4.into(), HTTP);
    let mut web = Service::new("web", (VIP4, 80)).health(QUICK);
    for ((address, weight), number) in addresses.into_iter().zip(WEIGHTS).zip(1..) {
        web = web.backend(&format!("web-{number}"), address, weight);
    }
    let servers = Servers::default().web(&network);
    let world = World::new(network, servers, &[web]);

    let status = world.daemon.status().unwrap();
    let backends = &status.service("web").unwrap().backends;
    let exact = WEIGHTS.map(|weight| f64::from(weight) / 6.0);
    for (backend, exact) in backends.iter().zip(exact) {
        assert!(
            (backend.share / exact - 1.0).abs() < 0.02,
            "{} has {} of {exact}",
            backend.name,
            backend.share
        );
    }
    assert_eq!(
        backends.iter().map(|backend| backend.slots).sum::<u64>(),
        status.service("web").unwrap().slots
    );

    let spread = world.spread((VIP4, 80).into(), REQUESTS);
    let status = world.daemon.status().unwrap();
    for ((backend, exact), number) in status.service("web").unwrap().backends.iter().zip(exact).zip(1..) {
        let got = spread[&format!("web-{number}")];
        // Five standard deviations of a fair draw: one run in a million fails by chance.
        let expected = exact * f64::from(REQUESTS);
        let margin = 5.0 * (expected * (1.0 - exact)).sqrt();
        assert!((f64::from(got) - expected).abs() < margin, "web-{number} got {got}, not about {expected}");
        assert_eq!(backend.traffic.connections, u64::from(got), "what is counted is what answered");
    }
}
