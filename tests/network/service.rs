//! `[[service]]` tables, as an operator would write them.

use std::fmt;
use std::net::SocketAddr;

/// A health check that is quick to notice, and patient enough for a busy machine.
pub(crate) const QUICK: &str =
    "type = \"tcp\"\n  interval = \"200ms\"\n  timeout = \"1s\"\n  rise = 2\n  fall = 2";

/// A table.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    name: String,
    vip: SocketAddr,
    protocol: &'static str,
    forwarding: &'static str,
    health: Option<String>,
    drain_timeout: &'static str,
    keys: String,
    backends: Vec<(String, SocketAddr, u16, String)>,
}

impl Service {
    /// TCP by `nat`, not checked, with no backends yet.
    pub(crate) fn new(name: &str, vip: impl Into<SocketAddr>) -> Self {
        Self {
            name: name.to_owned(),
            vip: vip.into(),
            protocol: "tcp",
            forwarding: "nat",
            health: None,
            drain_timeout: "60s",
            keys: String::new(),
            backends: Vec::new(),
        }
    }

    pub(crate) fn udp(mut self) -> Self {
        self.protocol = "udp";
        self
    }

    pub(crate) fn dsr(mut self) -> Self {
        self.forwarding = "dsr";
        self
    }

    /// With a `[service.health]` section of these lines.
    pub(crate) fn health(mut self, lines: &str) -> Self {
        self.health = Some(lines.to_owned());
        self
    }

    /// Whose slots settle after this time.
    pub(crate) fn drain_timeout(mut self, duration: &'static str) -> Self {
        self.drain_timeout = duration;
        self
    }

    /// With these lines of other keys.
    pub(crate) fn keys(mut self, lines: &str) -> Self {
        lines.clone_into(&mut self.keys);
        self
    }

    /// With one more backend.
    pub(crate) fn backend(mut self, name: &str, address: impl Into<SocketAddr>, weight: u16) -> Self {
        self.backends.push((name.to_owned(), address.into(), weight, String::new()));
        self
    }

    /// With these lines of other keys for its last backend.
    pub(crate) fn backend_keys(mut self, lines: &str) -> Self {
        lines.clone_into(&mut self.backends.last_mut().expect("a backend").3);
        self
    }

    /// With these backends called `web-1`, `web-2` and so on, of weight 1.
    pub(crate) fn backends(self, addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        let numbered = addresses.into_iter().zip(1..);
        numbered
            .fold(self, |service, (address, number)| service.backend(&format!("web-{number}"), address, 1))
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, vip, protocol, forwarding, health, drain_timeout, keys, backends } = self;
        writeln!(f, "[[service]]\nname = \"{name}\"\nvip = \"{vip}\"\nprotocol = \"{protocol}\"")?;
        writeln!(f, "forwarding = \"{forwarding}\"\ndrain_timeout = \"{drain_timeout}\"\n{keys}\n")?;
        writeln!(f, "  [service.health]\n  {}\n", health.as_deref().unwrap_or("type = \"none\""))?;
        for (name, address, weight, keys) in backends {
            writeln!(f, "  [[service.backend]]\n  name = \"{name}\"")?;
            writeln!(f, "  address = \"{address}\"\n  weight = {weight}\n{keys}\n")?;
        }
        Ok(())
    }
}
