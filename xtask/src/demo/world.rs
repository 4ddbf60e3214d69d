//! The hosts, servers and the daemon of the demonstration.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use anyhow::Result;
use xdp_lb_lab::server::Nginx;
use xdp_lb_lab::topology::{self, Network, VIP4, VIP6};
use xdp_lb_lab::{Daemon, Setup};

use super::screen::Screen;

/// The port clients ask for; the servers listen on another, to show that it is translated.
const VIP_PORT: u16 = 80;
const SERVER_PORT: u16 = 8080;

/// One server's name and weight.
pub(super) const SERVERS: [(&str, u16); 3] = [("web-1", 1), ("web-2", 2), ("web-3", 3)];

/// One service for each address family, over the same servers.
pub(super) const SERVICES: [(&str, IpAddr); 2] = [("web4", IpAddr::V4(VIP4)), ("web6", IpAddr::V6(VIP6))];

pub(super) struct World {
    // Dropped in this order: what runs before what it runs on.
    pub(super) daemon: Daemon,
    pub(super) servers: Vec<Nginx>,
    pub(super) network: Network,
}

impl World {
    pub(super) fn new(screen: &mut Screen) -> Result<Self> {
        screen.step("a client, a balancer and three backends: network namespaces joined by veth pairs");
        screen.progress("making the network");
        let network = topology::routed(SERVERS.len())?;
        screen.line(&format!("    client     {:<13} {}", network.client.v4, network.client.v6));
        screen.line(&format!("    balancer   {:<13} {}", network.balancer.v4, network.balancer.v6));

        let mut servers = Vec::new();
        for (backend, (name, weight)) in network.backends.iter().zip(SERVERS) {
            screen.progress(&format!("starting nginx {name}"));
            servers.push(Nginx::start(&backend.host, name, SERVER_PORT)?);
            screen.line(&format!(
                "    {name}      {:<13} {}   nginx on port {SERVER_PORT}, weight {weight}",
                backend.v4, backend.v6
            ));
        }

        screen.step("xdp-lb run, with this configuration:");
        let setup = Setup::new(&network.interfaces, &services(&network))?;
        screen.text(&setup.configuration(&network.balancer.host));
        screen.progress("loading and attaching the program");
        let daemon = Daemon::start(&network.balancer.host, setup)?;
        screen.progress("waiting for the health checks");
        daemon.all_up()?;
        Ok(Self { daemon, servers, network })
    }
}

/// Where clients find a service.
pub(super) fn endpoint(vip: IpAddr) -> SocketAddr {
    SocketAddr::new(vip, VIP_PORT)
}

/// The `[[service]]` tables.
fn services(network: &Network) -> String {
    let mut text = String::new();
    for (service, vip) in SERVICES {
        let backends = network.backends.iter().map(|backend| backend.address_like(vip));
        let backends: Vec<_> = backends.map(|address| SocketAddr::new(address, SERVER_PORT)).collect();
        text += &tables(service, vip, &backends);
    }
    text
}

fn tables(service: &str, vip: IpAddr, backends: &[SocketAddr]) -> String {
    let vip = endpoint(vip);
    let mut text = format!(
        r#"[[service]]
name = "{service}"
vip = "{vip}"
protocol = "tcp"
forwarding = "nat"

  [service.health]
  type = "tcp"
  interval = "500ms"
  timeout = "500ms"
  rise = 2
  fall = 2

"#
    );
    for (address, (name, weight)) in backends.iter().zip(SERVERS) {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "  [[service.backend]]\n  name = \"{name}\"\n  address = \"{address}\"\n  weight = {weight}\n"
        );
    }
    text
}
