//! What every test starts from: a network with servers, and a daemon on the balancer.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use xdp_lb_lab::client::{self, Conversation, Failure, http};
use xdp_lb_lab::server::{Nginx, TcpEcho, UdpEcho};
use xdp_lb_lab::status::{Backend, Status};
use xdp_lb_lab::topology::{Network, Node, VIP4, VIP6};
use xdp_lb_lab::{Daemon, Host, Setup, wait};

use crate::service::Service;

/// How long anything may take before it counts as not happening.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The ports that servers listen on; services use others, so that their translation is seen.
pub(crate) const HTTP: u16 = 8080;
pub(crate) const ECHO: u16 = 7007;
pub(crate) const DNS: u16 = 5353;

/// The virtual addresses of both families.
pub(crate) const VIPS: [IpAddr; 2] = [IpAddr::V4(VIP4), IpAddr::V6(VIP6)];

/// Dropped in this order: what runs before what it runs on.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) daemon: Daemon,
    pub(crate) servers: Servers,
    pub(crate) network: Network,
}

/// Servers on every backend, named `web-N`.
#[derive(Debug, Default)]
pub(crate) struct Servers {
    pub(crate) nginx: Vec<Nginx>,
    pub(crate) tcp: Vec<TcpEcho>,
    pub(crate) udp: Vec<UdpEcho>,
}

impl Servers {
    /// nginx on the port [`HTTP`].
    pub(crate) fn web(mut self, network: &Network) -> Self {
        let started = named(network).map(|(name, backend)| Nginx::start(&backend.host, &name, HTTP).unwrap());
        self.nginx = started.collect();
        self
    }

    /// A TCP echo on the port [`ECHO`] of all addresses.
    pub(crate) fn echo(mut self, network: &Network) -> Self {
        let any = SocketAddr::from((Ipv6Addr::UNSPECIFIED, ECHO));
        let start = |(name, backend): (String, &Node)| TcpEcho::start(&backend.host, &name, &[any]).unwrap();
        self.tcp = named(network).map(start).collect();
        self
    }

    /// A UDP echo on the port [`DNS`].
    pub(crate) fn dns(mut self, network: &Network) -> Self {
        let start = |(name, backend): (String, &Node)| {
            UdpEcho::start(&backend.host, &name, &own(backend, DNS)).unwrap()
        };
        self.udp = named(network).map(start).collect();
        self
    }
}

impl World {
    /// Starts the daemon, attached natively, on all the balancer's interfaces, and waits until all backends are up.
    pub(crate) fn new(network: Network, servers: Servers, services: &[Service]) -> Self {
        Self::with(network, servers, services, |_| {})
    }

    /// The same, with a change to its setup.
    pub(crate) fn with(
        network: Network,
        servers: Servers,
        services: &[Service],
        change: impl FnOnce(&mut Setup),
    ) -> Self {
        let mut setup = setup(&network, services);
        change(&mut setup);
        let daemon = Daemon::start(&network.balancer.host, setup).unwrap();
        let world = Self { daemon, servers, network };
        world.daemon.all_up().unwrap();
        world
    }

    /// Waits until every backend is up and, unless its weight is zero or it is leaving, has slots.
    pub(crate) fn settled(&self) -> Status {
        let settled = |backend: &Backend| {
            backend.is_up() && (backend.weight == 0 || backend.leaving || backend.slots > 0)
        };
        let all = |status: &Status| status.services.iter().flat_map(|one| &one.backends).all(settled);
        self.daemon.wait_for("all backends to be in use", PATIENCE, |status| Ok(all(status))).unwrap()
    }

    /// Fetches a page as the client.
    pub(crate) fn get(&self, server: SocketAddr, path: &str) -> Result<http::Response, Failure> {
        self.network.client.host.enter(|| Ok(http::get(server, path, PATIENCE))).unwrap()
    }

    /// The names of the servers that answer `count` requests, each on its own connection; any failure is the test's.
    pub(crate) fn spread(&self, server: SocketAddr, count: u32) -> BTreeMap<String, u32> {
        let ask = || {
            let mut names = BTreeMap::new();
            for at in 0..count {
                let page = http::get(server, "/", PATIENCE);
                let page = page.unwrap_or_else(|error| panic!("request {at} to {server}: {error}"));
                *names.entry(page.text()).or_default() += 1;
            }
            Ok(names)
        };
        self.network.client.host.enter(ask).unwrap()
    }

    /// Asks a UDP service as the client; its answer is the server's name and the client as that saw it.
    pub(crate) fn ask(&self, server: SocketAddr) -> Result<(String, SocketAddr), Failure> {
        self.network.client.host.enter(|| Ok(client::ask(server, b"who?", PATIENCE))).unwrap()
    }

    /// Opens `count` connections to a TCP echo as the client.
    pub(crate) fn converse(&self, server: SocketAddr, count: usize) -> Conversations {
        self.converse_by(|| (0..count).map(|_| Conversation::open(server, PATIENCE)).collect())
    }

    /// Opens connections to TCP echos, as the client, by `open`.
    pub(crate) fn converse_by(
        &self,
        open: impl FnOnce() -> Result<Vec<Conversation>, Failure> + Send,
    ) -> Conversations {
        let open = || {
            let mut open = open()?;
            let names = open.iter_mut().map(|one| one.say("hello")).collect::<Result<_, _>>()?;
            Ok(Conversations { open, names })
        };
        self.network.client.host.enter(open).unwrap()
    }

    /// Reloads with other services and waits until it is done.
    pub(crate) fn reload(&mut self, services: &[Service]) {
        self.daemon.configure(|setup| setup.services = toml(services)).unwrap();
        assert_eq!(self.daemon.command(&["reload"]).unwrap(), "reloaded\n");
    }

    /// The balancer's host.
    pub(crate) fn balancer(&self) -> &Host {
        &self.network.balancer.host
    }
}

/// Connections that stay open.
#[derive(Debug, Default)]
pub(crate) struct Conversations {
    open: Vec<Conversation>,
    names: Vec<String>,
}

impl Conversations {
    /// Says something on every connection: the same servers must answer as at first.
    pub(crate) fn go_on(&mut self, when: &str) {
        for (conversation, name) in self.open.iter_mut().zip(&self.names) {
            assert_eq!(conversation.say(when).as_ref(), Ok(name), "{when}: a connection broke");
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// The server of each, in the order of opening.
    pub(crate) fn in_order(&self) -> &[String] {
        &self.names
    }

    /// How many a server has.
    pub(crate) fn of(&self, server: &str) -> usize {
        self.names.iter().filter(|name| *name == server).count()
    }

    /// Takes those of a server.
    pub(crate) fn take(&mut self, server: &str) -> Self {
        let all = std::mem::take(&mut self.open).into_iter().zip(std::mem::take(&mut self.names));
        let (taken, left): (Vec<_>, Vec<_>) = all.partition(|(_, name)| name == server);
        (self.open, self.names) = left.into_iter().unzip();
        let (open, names) = taken.into_iter().unzip();
        Self { open, names }
    }

    /// Keeps so many and returns the others.
    pub(crate) fn split_off(&mut self, at: usize) -> Self {
        Self { open: self.open.split_off(at), names: self.names.split_off(at) }
    }

    /// Adds others.
    pub(crate) fn append(&mut self, mut others: Self) {
        self.open.append(&mut others.open);
        self.names.append(&mut others.names);
    }

    /// Ends them by RSTs.
    pub(crate) fn reset(self) {
        for conversation in self.open {
            conversation.reset().unwrap();
        }
    }

    /// How many different servers there are.
    pub(crate) fn servers(&self) -> usize {
        self.names().len()
    }

    /// The different servers, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.names.iter().cloned().collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    }
}

/// A daemon for all interfaces of a network.
pub(crate) fn setup(network: &Network, services: &[Service]) -> Setup {
    Setup::new(&network.interfaces, &toml(services)).unwrap()
}

/// Services as text.
pub(crate) fn toml(services: &[Service]) -> String {
    services.iter().map(ToString::to_string).collect()
}

/// The backends' addresses in the family of `vip`, with `port`.
pub(crate) fn addresses(network: &Network, vip: IpAddr, port: u16) -> Vec<SocketAddr> {
    network.backends.iter().map(|backend| (backend.address_like(vip), port).into()).collect()
}

/// The XDP program on a device, as `ip -j link` shows it: its id and its mode (1: native, 2: generic).
pub(crate) fn xdp(host: &Host, device: &str) -> Option<(u64, u64)> {
    let text = host.run(Command::new("ip").args(["-j", "link", "show", "dev", device])).unwrap();
    let links: Value = serde_json::from_str(&text).unwrap();
    let xdp = links.get(0)?.get("xdp")?;
    Some((xdp.get("prog")?.get("id")?.as_u64()?, xdp.get("mode")?.as_u64()?))
}

/// Waits until no program is on a device: the kernel lets go of a link a moment after its pin is removed.
pub(crate) fn freed(host: &Host, device: &str) {
    let what = format!("the program to leave {device}");
    wait::until(&what, PATIENCE, || Ok(xdp(host, device).is_none().then_some(()))).unwrap();
}

fn named(network: &Network) -> impl Iterator<Item = (String, &Node)> {
    network.backends.iter().zip(1..).map(|(backend, number)| (format!("web-{number}"), backend))
}

/// A TCP echo on the port [`ECHO`] of all addresses of a backend.
pub(crate) fn echo_on(backend: &Node, name: &str) -> TcpEcho {
    TcpEcho::start(&backend.host, name, &[(Ipv6Addr::UNSPECIFIED, ECHO).into()]).unwrap()
}

fn own(node: &Node, port: u16) -> [SocketAddr; 2] {
    [(node.v4, port).into(), (node.v6, port).into()]
}
