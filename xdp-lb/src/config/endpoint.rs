//! `192.0.2.10:443`, `[2001:db8::10]:443`: texts into addresses, with an explanation where they are none.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::suggest::quoted;

/// Why a text is not the endpoint that is wanted, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) help: String,
}

impl Problem {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

/// A service's virtual address: one address that clients can be routed to, and one port.
pub(super) fn vip(text: &str) -> Result<SocketAddr, Problem> {
    let (ip, port) = split(text)?;
    if port.is_some_and(is_port_set) {
        return Err(Problem::new(
            "port lists, port ranges and `*` are not available in this version",
            format!("give one port, for example `{}`; each port is a service", SocketAddr::new(ip, 443)),
        ));
    }
    let port = port.ok_or_else(|| {
        Problem::new("a VIP needs a port", format!("for example `{}`", SocketAddr::new(ip, 443)))
    })?;
    if let Some(kind) = special(ip).or_else(|| is_link_local(ip).then_some("a link-local address")) {
        return Err(Problem::new(
            format!("a VIP cannot be {kind}"),
            "use a unicast address that clients' packets are routed to this host for",
        ));
    }
    Ok(SocketAddr::new(ip, number(port)?))
}

/// A backend's address; `None`: it names no port of its own.
pub(super) fn backend(text: &str) -> Result<(IpAddr, Option<u16>), Problem> {
    let (ip, port) = split(text)?;
    let port = port.map(number).transpose()?;
    unicast_backend(ip)?;
    Ok((ip, port))
}

/// The same of a backend's address that comes as one.
pub(super) fn fits_backend(address: SocketAddr) -> Result<(), Problem> {
    if address.port() == 0 {
        return Err(Problem::new("a backend cannot have port 0", "ports are 1 to 65535"));
    }
    if let SocketAddr::V6(v6) = address {
        not_mapped(*v6.ip())?;
        if v6.scope_id() != 0 {
            return Err(interface_named(&address.to_string()));
        }
    }
    unicast_backend(address.ip())
}

fn unicast_backend(ip: IpAddr) -> Result<(), Problem> {
    // An IPv4 link-local address is routed like any other; an IPv6 one means nothing without its interface.
    let link_local = ip.is_ipv6() && is_link_local(ip);
    if let Some(kind) = special(ip).or(link_local.then_some("a link-local address")) {
        return Err(Problem::new(
            format!("a backend cannot have {kind}"),
            "use a unicast address of the backend that this host has a route to",
        ));
    }
    Ok(())
}

/// An address to listen on.
pub(super) fn listen(text: &str) -> Result<SocketAddr, Problem> {
    let (ip, port) = split(text)?;
    let port = port.ok_or_else(|| {
        let example = SocketAddr::new(ip, 9464);
        Problem::new("an address to listen on needs a port", format!("for example `{example}`"))
    })?;
    Ok(SocketAddr::new(ip, number(port)?))
}

/// Address and what stands behind the colon, if there is one.
fn split(text: &str) -> Result<(IpAddr, Option<&str>), Problem> {
    let (ip, port) = if let Some(inner) = text.strip_prefix('[') {
        let (address, rest) = inner
            .split_once(']')
            .ok_or_else(|| Problem::new("a closing `]` is missing", "for example `[2001:db8::10]:443`"))?;
        let port = match rest.strip_prefix(':') {
            None if !rest.is_empty() => {
                return Err(Problem::new(
                    format!("{} stands behind the address", quoted(rest)),
                    "behind `]` comes a colon and the port, for example `[2001:db8::10]:443`",
                ));
            }
            port => port,
        };
        (IpAddr::V6(ipv6(address)?), port)
    } else if text.matches(':').count() > 1 {
        return Err(without_brackets(text));
    } else {
        let (address, port) = text.split_once(':').map_or((text, None), |(ip, port)| (ip, Some(port)));
        (IpAddr::V4(ipv4(address)?), port)
    };
    Ok((ip, port))
}

fn ipv4(text: &str) -> Result<Ipv4Addr, Problem> {
    text.parse().ok().ok_or_else(|| {
        let message = format!("{} is not an IP address", quoted(text));
        if text.is_empty() {
            Problem::new("there is no address", "for example `192.0.2.10:443` or `[2001:db8::10]:443`")
        } else if text.chars().any(char::is_alphabetic) {
            Problem::new(message, "names are not resolved: write the address itself")
        } else {
            Problem::new(message, "for example `192.0.2.10:443`")
        }
    })
}

fn ipv6(text: &str) -> Result<Ipv6Addr, Problem> {
    if text.contains('%') {
        return Err(interface_named(text));
    }
    let ip: Ipv6Addr = text.parse().ok().ok_or_else(|| {
        Problem::new(
            format!("{} is not an IPv6 address", quoted(text)),
            "for example `[2001:db8::10]:443`; brackets are for IPv6 only",
        )
    })?;
    not_mapped(ip)?;
    Ok(ip)
}

fn interface_named(text: &str) -> Problem {
    let message = format!("{} names an interface", quoted(text));
    Problem::new(message, "write the address without `%` and what follows")
}

fn not_mapped(ip: Ipv6Addr) -> Result<(), Problem> {
    match ip.to_ipv4_mapped() {
        None => Ok(()),
        Some(mapped) => Err(Problem::new(
            "an IPv4 address is written as IPv6",
            format!("packets carry it as IPv4: write `{mapped}`, without brackets"),
        )),
    }
}

fn without_brackets(text: &str) -> Problem {
    let meant = match text.rsplit_once(':') {
        Some((address, port)) if address.parse::<Ipv6Addr>().is_ok() => format!("[{address}]:{port}"),
        _ if text.parse::<Ipv6Addr>().is_ok() => format!("[{text}]:443"),
        _ => "[2001:db8::10]:443".to_owned(),
    };
    Problem::new(
        format!("{} is neither an IPv4 address and port nor an IPv6 one", quoted(text)),
        format!("an IPv6 address stands in brackets, with the port behind them, for example `{meant}`"),
    )
}

fn number(text: &str) -> Result<u16, Problem> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port) if digits && port != 0 => Ok(port),
        _ => Err(Problem::new(format!("{} is not a port", quoted(text)), "ports are 1 to 65535")),
    }
}

/// Is it one of the documented forms that mean more than one port?
fn is_port_set(text: &str) -> bool {
    let ports = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b',' || byte == b'-');
    text == "*" || (ports && text.contains([',', '-']))
}

/// What no machine elsewhere can have as its address.
fn special(ip: IpAddr) -> Option<&'static str> {
    match ip {
        _ if ip.is_unspecified() => Some("the unspecified address"),
        _ if ip.is_loopback() => Some("a loopback address"),
        _ if ip.is_multicast() => Some("a multicast address"),
        IpAddr::V4(Ipv4Addr::BROADCAST) => Some("the broadcast address"),
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    }
}

const fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}
