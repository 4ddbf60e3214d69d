//! Does a backend fit its service?

use std::net::SocketAddr;

use super::backend::Scope;
use crate::config::types::Forwarding;

/// Why it does not, and what to do.
pub(super) struct Misfit {
    pub(super) message: String,
    pub(super) note: &'static str,
    pub(super) help: &'static str,
}

impl Scope {
    /// What keeps a backend at `address` from working; `None`: nothing that is known here.
    pub(super) fn misfit(&self, address: SocketAddr) -> Option<Misfit> {
        let vip = self.vip.ok()?;
        let dsr = matches!(self.forwarding, Ok(Forwarding::Dsr));
        if vip.is_ipv4() != address.is_ipv4() {
            let (own, other) = if vip.is_ipv4() { ("IPv4", "IPv6") } else { ("IPv6", "IPv4") };
            Some(Misfit {
                message: format!("the VIP is {own}, but this backend is {other}"),
                note: "packets are not translated between the families",
                help: "make a service for each family, with backends of that family",
            })
        } else if vip.ip() == address.ip() {
            Some(Misfit {
                message: format!("the backend has the address of its own VIP, {}", vip.ip()),
                note: "packets for it would arrive here again",
                help: "use the address by which this host reaches the backend",
            })
        } else if dsr && vip.port() != address.port() {
            Some(Misfit {
                message: format!("a dsr backend must have the port of its VIP, {}", vip.port()),
                note: "dsr rewrites neither addresses nor ports: the backend sees what the client sent",
                help: "leave the port out, or use `forwarding = \"nat\"`",
            })
        } else {
            None
        }
    }
}
