//! Connections with traffic on each, while backends are drained, weighed, removed, added and killed at random, and the
//! daemon is killed and started: no connection breaks whose own backend was not killed.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use xdp_lb_lab::client::Conversation;
use xdp_lb_lab::status::Status;
use xdp_lb_lab::topology::{self, VIP4};

use crate::{
    service::Service,
    world::{ECHO, PATIENCE, Servers, World, addresses, echo_on},
};

const BACKENDS: usize = 6;
const CLIENTS: usize = 4;
const PAUSE: Duration = Duration::from_millis(250);
const ENDPOINT: (std::net::Ipv4Addr, u16) = (VIP4, 7);
/// Quick to see a server that is gone, which refuses; very patient with one on a busy machine.
const HEALTH: &str = "type = \"tcp\"\n  interval = \"200ms\"\n  timeout = \"10s\"\n  rise = 2\n  fall = 2";

/// How often each backend was killed so far: a connection may break if its backend was since it was opened.
struct Kills([AtomicU32; BACKENDS]);

impl Kills {
    fn of(&self, name: &str) -> u32 {
        let number: usize =
            name.strip_prefix("web-").and_then(|number| number.parse().ok()).expect("a server's name");
        self.0[number - 1].load(Ordering::SeqCst)
    }
}

/// A connection that lasts, with its server's name and how often that had been killed before.
struct Lasting {
    conversation: Conversation,
    name: String,
    kills: u32,
}

impl Lasting {
    /// Opens one, again and again while the backends that it gets are killed.
    fn open(kills: &Kills) -> Self {
        let start = Instant::now();
        loop {
            let opened = Conversation::open(ENDPOINT.into(), PATIENCE).and_then(|mut conversation| {
                let name = conversation.say("hello")?;
                Ok(Self { conversation, kills: kills.of(&name), name })
            });
            match opened {
                Ok(lasting) => return lasting,
                Err(error) => assert!(start.elapsed() < PATIENCE, "no connection can be opened: {error}"),
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Says something. A connection that may break is opened anew if it does.
    fn go_on(&mut self, kills: &Kills) -> Result<(), String> {
        let answer = self.conversation.say("on");
        if answer.as_ref() == Ok(&self.name) {
            return Ok(());
        }
        if kills.of(&self.name) == self.kills {
            return Err(format!("{} lives, but a connection to it: {answer:?}", self.name));
        }
        *self = Self::open(kills);
        Ok(())
    }
}

/// Keeps so many connections talking until `done`; returns how often something was said.
fn talk(connections: usize, kills: &Kills, done: &AtomicBool) -> Result<u64, String> {
    let mut all: Vec<_> = (0..connections).map(|_| Lasting::open(kills)).collect();
    let mut said = 0;
    while !done.load(Ordering::Relaxed) {
        for lasting in &mut all {
            lasting.go_on(kills)?;
            said += 1;
        }
        thread::sleep(Duration::from_millis(100));
    }
    Ok(said)
}

/// Whoever changes things, at random but repeatably.
struct Operator<'a> {
    world: &'a mut World,
    backends: &'a [SocketAddr],
    kills: &'a Kills,
    random: u64,
}

impl Operator<'_> {
    fn random(&mut self, below: usize) -> usize {
        self.random = xdp_lb_common::mix::splitmix(self.random);
        (self.random % below as u64) as usize
    }

    fn command(&self, arguments: &[&str]) {
        // What is there already, or no longer, is refused: that is no failure.
        let _refused = self.world.daemon.command(&[&["backend"], arguments].concat());
    }

    /// Does something to one of the backends but the first, which always is there for new connections.
    fn act(&mut self) {
        let at = 1 + self.random(BACKENDS - 1);
        let (name, address) = (format!("web-{}", at + 1), self.backends[at].to_string());
        let weight = self.random(9).to_string();
        match self.random(12) {
            0..3 => self.command(&["weight", "echo", &name, &weight]),
            3..5 => self.command(&["drain", "echo", &name]),
            5..7 => self.command(&["ready", "echo", &name]),
            7 => self.command(&["remove", "echo", &name]),
            8..10 => self.command(&["add", "echo", &address, "--name", &name, "--weight", "2"]),
            10 => self.kill(at),
            _ => {
                self.world.daemon.kill().unwrap();
                self.world.daemon.start_again().unwrap();
            }
        }
    }

    /// Ends a server, with all its connections, and starts it again once that was noticed.
    fn kill(&mut self, at: usize) {
        self.kills.0[at].fetch_add(1, Ordering::SeqCst);
        drop(self.world.servers.tcp.remove(at));
        thread::sleep(Duration::from_secs(1));
        // Whoever opened a connection just before the end may lose it, too.
        self.kills.0[at].fetch_add(1, Ordering::SeqCst);
        let server = echo_on(&self.world.network.backends[at], &format!("web-{}", at + 1));
        self.world.servers.tcp.insert(at, server);
    }
}

/// How it is done.
struct Churn {
    /// Of each client.
    connections: usize,
    duration: Duration,
    /// Other keys of the service.
    keys: &'static str,
}

impl Churn {
    fn run(&self) {
        let network = topology::routed(BACKENDS).unwrap();
        let servers = Servers::default().echo(&network);
        let backends = addresses(&network, VIP4.into(), ECHO);
        let service = Service::new("echo", ENDPOINT).health(HEALTH).drain_timeout("5s").keys(self.keys);
        let services = [service.backends(backends.clone())];
        let mut world = World::new(network, servers, &services);
        let (kills, done) = (Kills(std::array::from_fn(|_| AtomicU32::new(0))), AtomicBool::new(false));
        let client = world.network.client.host.clone();
        let said: u64 = thread::scope(|scope| {
            let (kills, done, client) = (&kills, &done, &client);
            let talk = || client.enter(|| Ok(talk(self.connections, kills, done))).unwrap();
            let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(talk)).collect();
            let start = Instant::now();
            let mut operator = Operator { world: &mut world, backends: &backends, kills, random: 1 };
            while start.elapsed() < self.duration && clients.iter().all(|client| !client.is_finished()) {
                operator.act();
                thread::sleep(PAUSE);
            }
            done.store(true, Ordering::Relaxed);
            clients.into_iter().map(|client| client.join().unwrap().unwrap()).sum()
        });
        let killed: u32 = kills.0.iter().map(|kills| kills.load(Ordering::Relaxed)).sum();
        let connections = (CLIENTS * self.connections) as u64;
        assert!(said > 10 * connections && killed > 0, "{said} exchanges, {killed} kills");
        // Whatever has happened, what is counted comes to what is there: nothing.
        let none = |status: &Status| {
            let backends = &status.service("echo")?.backends;
            Ok(backends.iter().all(|backend| (backend.live, backend.pending) == (0, 0)))
        };
        world.daemon.wait_for("live connections to be none", PATIENCE, none).unwrap();
    }
}

#[test]
fn two_thousand_connections_outlive_two_minutes_of_changes() {
    Churn { connections: 500, duration: Duration::from_mins(2), keys: "" }.run();
}

#[test]
fn connections_outlive_changes_with_least_connections() {
    let keys = "algorithm = \"least-connections\"";
    Churn { connections: 100, duration: Duration::from_secs(20), keys }.run();
}

#[test]
fn connections_outlive_changes_with_round_robin() {
    Churn { connections: 100, duration: Duration::from_secs(20), keys: "algorithm = \"round-robin\"" }.run();
}
