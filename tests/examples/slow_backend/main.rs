//! Three backends, one of them ten times slower than the others, through every algorithm of xdp-lb and through HAProxy:
//! what clients notice, and how connections pile up.
//!
//! As root, after `cargo xtask build --release`: `cargo run --release -p xdp-lb-lab --example slow_backend`. It prints the
//! table of the README's section on algorithms.

mod balancer;
mod load;
mod report;
mod server;

use std::io::{Write as _, stdout};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use xdp_lb_lab::topology::{self, VIP4};

use self::balancer::{Balancer, haproxy_is_there};
use self::report::{HEAD, Outcome};
use self::server::Servers;

const PORT: u16 = 7007;
/// How long each backend works for a request.
const DELAYS: [Duration; 3] =
    [Duration::from_millis(20), Duration::from_millis(20), Duration::from_millis(200)];
/// Requests that a backend works for at a time; the others wait for their turn.
const WORKERS: usize = 8;
/// Requests a second, whatever becomes of those before.
const RATE: u32 = 240;
const DURATION: Duration = Duration::from_secs(10);

fn main() -> Result<()> {
    let mut balancers =
        ["maglev", "round-robin", "least-connections", "least-response-time"].map(Balancer::XdpLb).to_vec();
    if haproxy_is_there() {
        balancers.extend(["roundrobin", "leastconn"].map(Balancer::HaProxy));
    } else {
        writeln!(stdout(), "There is no haproxy (Debian's package has that name): it is left out.\n")?;
    }
    writeln!(stdout(), "{HEAD}")?;
    for balancer in balancers {
        writeln!(stdout(), "{}", run(balancer)?)?;
    }
    Ok(())
}

/// All on hosts of their own, made anew for each balancer.
fn run(balancer: Balancer) -> Result<Outcome> {
    let network = topology::routed(DELAYS.len())?;
    let backends: Vec<SocketAddr> = network.backends.iter().map(|node| (node.v4, PORT).into()).collect();
    let servers = Servers::start(&network, &backends)?;
    let vip = (VIP4, PORT).into();
    let _running = balancer.start(&network, vip, &backends)?;
    let before = servers.served();
    let (answers, peaks) = servers.watch(|| load::run(&network.client.host, vip))?;
    let requests = servers.served().into_iter().zip(before).map(|(now, before)| now - before).collect();
    Ok(Outcome { balancer: balancer.to_string(), answers, peaks, requests })
}
