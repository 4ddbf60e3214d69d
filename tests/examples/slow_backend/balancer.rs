//! What is compared.

use std::fmt::{self, Write as _};
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use xdp_lb_lab::topology::Network;
use xdp_lb_lab::{Daemon, Host, Process, Setup, wait};

const PATIENCE: Duration = Duration::from_secs(10);

/// A balancer with its algorithm.
#[derive(Clone, Copy)]
pub(crate) enum Balancer {
    XdpLb(&'static str),
    HaProxy(&'static str),
}

/// One that runs, until it is dropped.
#[derive(Default)]
pub(crate) struct Running {
    _daemon: Option<Daemon>,
    _process: Option<Process>,
}

pub(crate) fn haproxy_is_there() -> bool {
    Command::new("haproxy").arg("-v").output().is_ok()
}

impl Balancer {
    pub(crate) fn start(
        self,
        network: &Network,
        vip: SocketAddr,
        backends: &[SocketAddr],
    ) -> Result<Running> {
        match self {
            Self::XdpLb(algorithm) => xdp_lb(network, algorithm, vip, backends),
            Self::HaProxy(algorithm) => haproxy(&network.balancer.host, algorithm, vip, backends),
        }
    }
}

impl fmt::Display for Balancer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::XdpLb(algorithm) => write!(f, "`{algorithm}`"),
            Self::HaProxy(algorithm) => write!(f, "HAProxy, `{algorithm}`"),
        }
    }
}

fn xdp_lb(network: &Network, algorithm: &str, vip: SocketAddr, backends: &[SocketAddr]) -> Result<Running> {
    let mut services = format!("[[service]]\nname = \"web\"\nvip = \"{vip}\"\nalgorithm = \"{algorithm}\"\n");
    services.push_str("health = { type = \"none\" }\n");
    for backend in backends {
        write!(services, "[[service.backend]]\naddress = \"{backend}\"\n")?;
    }
    let setup = Setup::new(&network.interfaces, &services)?;
    let daemon = Daemon::start(&network.balancer.host, setup)?;
    daemon.wait_for("the backends to be in use", PATIENCE, |status| {
        Ok(status.service("web")?.backends.iter().all(|backend| backend.slots > 0))
    })?;
    Ok(Running { _daemon: Some(daemon), ..Running::default() })
}

fn haproxy(host: &Host, algorithm: &str, vip: SocketAddr, backends: &[SocketAddr]) -> Result<Running> {
    // It takes connections to addresses of its own.
    host.ip(&[&format!("addr add {}/32 dev lo", vip.ip())])?;
    let mut text = String::from("global\n  maxconn 4000\ndefaults\n  mode tcp\n");
    text.push_str("  timeout connect 60s\n  timeout client 120s\n  timeout server 120s\n");
    write!(text, "listen web\n  bind {vip}\n  balance {algorithm}\n")?;
    for (number, backend) in backends.iter().enumerate() {
        writeln!(text, "  server web-{number} {backend}")?;
    }
    let file = host.directory().join("haproxy.cfg");
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    let process = host.spawn("haproxy", Command::new("haproxy").arg("-db").arg("-f").arg(&file))?;
    wait::until("haproxy to listen", PATIENCE, || host.enter(|| Ok(TcpStream::connect(vip).ok())))
        .with_context(|| process.log())?;
    Ok(Running { _process: Some(process), ..Running::default() })
}
