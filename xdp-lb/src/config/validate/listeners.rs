//! `[api]` and `[metrics]`: where the daemon listens.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::{
    findings::{Checked, Findings},
    value,
};
use crate::config::{
    diagnostic::Diagnostic,
    endpoint,
    raw::{RawApi, RawMetrics},
    types::{Api, Metrics},
};

const DEFAULT_SOCKET: &str = "/run/xdp-lb/api.sock";
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);

/// What fits the kernel's `sun_path` with its final NUL, in bytes.
const LONGEST_SOCKET: usize = 107;

pub(super) fn api(raw: Option<&RawApi>, findings: &mut Findings) -> Checked<Api> {
    let raw = raw.and_then(|api| api.socket.as_ref());
    let socket = value::path(raw, "socket", DEFAULT_SOCKET, findings)?;
    if let Some(raw) = raw.filter(|raw| raw.get_ref().len() > LONGEST_SOCKET) {
        let message = format!("the path of a socket has at most {LONGEST_SOCKET} bytes");
        return Err(findings.error(Diagnostic::error(raw.span(), message)));
    }
    Ok(Api { socket })
}

pub(super) fn metrics(raw: &RawMetrics, findings: &mut Findings) -> Checked<Metrics> {
    let Some(raw) = &raw.listen else { return Ok(Metrics { listen: DEFAULT_LISTEN }) };
    match endpoint::listen(raw.get_ref()) {
        Ok(listen) => Ok(Metrics { listen }),
        Err(problem) => Err(findings.endpoint(raw.span(), problem)),
    }
}
