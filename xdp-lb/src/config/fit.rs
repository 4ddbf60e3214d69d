//! Does a backend fit its service, and everybody else? A file's backends are asked the same questions one by one, where
//! each can be shown its place.

use std::net::SocketAddr;

use super::{
    endpoint,
    name::{self, Fault},
    types::{Backend, Config, Forwarding, Service},
};

/// Why a backend does not fit, and what to do.
pub(super) struct Misfit {
    pub(super) message: String,
    pub(super) note: &'static str,
    pub(super) help: &'static str,
}

/// What keeps a backend at `address` from working behind `vip`; `None`: nothing that is known here.
pub(super) fn misfit(vip: SocketAddr, forwarding: Option<Forwarding>, address: SocketAddr) -> Option<Misfit> {
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
    } else if forwarding == Some(Forwarding::Dsr) && vip.port() != address.port() {
        Some(Misfit {
            message: format!("a dsr backend must have the port of its VIP, {}", vip.port()),
            note: "dsr rewrites neither addresses nor ports: the backend sees what the client sent",
            help: "leave the port out, or use `forwarding = \"nat\"`",
        })
    } else {
        None
    }
}

/// Holds a backend that is to be added to `service`, one of `config`, to the rules for those in a file.
///
/// # Errors
///
/// The rule that it breaks, and what to do, for people.
pub fn backend_fits(config: &Config, service: &Service, backend: &Backend) -> Result<(), String> {
    let address = backend.address;
    if let Some(Fault { message, help }) = name::fault(&backend.name, "backend") {
        return Err(help.map_or(message.clone(), |help| format!("{message}: {help}")));
    }
    endpoint::fits_backend(address).map_err(|problem| format!("{}: {}", problem.message, problem.help))?;
    if let Some(Misfit { message, note: _, help }) = misfit(service.vip, Some(service.forwarding), address) {
        return Err(format!("{message}: {help}"));
    }
    let same = |known: &&Backend| known.address == address || known.name == backend.name;
    if let Some(same) = service.backends.iter().find(same) {
        return Err(format!(
            "service {} has the backend {} ({}) already",
            service.name, same.name, same.address
        ));
    }
    if let Some(slots) = service.slots
        && service.backends.len() >= slots as usize
    {
        return Err(format!(
            "service {} has {slots} slots, one for each backend: raise `slots`",
            service.name
        ));
    }
    if service.forwarding == Forwarding::Nat { endpoint_is_free(config, service, address) } else { Ok(()) }
}

/// Whether replies from `address` could be of one service only, and packets to it of none.
fn endpoint_is_free(config: &Config, service: &Service, address: SocketAddr) -> Result<(), String> {
    for other in config.services.iter().filter(|other| other.protocol == service.protocol) {
        if other.vip == address {
            return Err(format!(
                "{address} is itself the VIP of service {}: services cannot be chained",
                other.name
            ));
        }
        let taken = || other.backends.iter().any(|backend| backend.address == address);
        if other.name != service.name && other.forwarding == Forwarding::Nat && taken() {
            return Err(format!(
                "{address} is a backend of service {} too: its replies could not be told apart; let it listen on one \
                 port for each service",
                other.name
            ));
        }
    }
    Ok(())
}
