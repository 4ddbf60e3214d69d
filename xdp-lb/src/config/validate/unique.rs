//! What may occur once in a whole configuration.

use std::{collections::HashMap, net::SocketAddr, ops::Range};

use super::findings::Findings;
use crate::config::{diagnostic::Diagnostic, raw::Text, suggest::quoted, types::Protocol};

/// What has been seen so far, and where.
#[derive(Default)]
pub(super) struct Unique<'a> {
    names: HashMap<&'a str, Range<usize>>,
    vips: HashMap<(SocketAddr, Protocol), Range<usize>>,
    nat_backends: HashMap<(SocketAddr, Protocol), Range<usize>>,
}

impl<'a> Unique<'a> {
    /// A service's name.
    pub(super) fn name(&mut self, text: &'a Text, findings: &mut Findings) {
        if let Some(first) = self.names.get(text.get_ref().as_str()) {
            let message = format!("two services are called {}", quoted(text.get_ref()));
            findings.error(Diagnostic::error(text.span(), message).also(first.clone(), "first used here"));
        } else {
            self.names.insert(text.get_ref(), text.span());
        }
    }

    /// A service's endpoint.
    pub(super) fn vip(
        &mut self,
        vip: SocketAddr,
        protocol: Protocol,
        span: Range<usize>,
        findings: &mut Findings,
    ) {
        if let Some(first) = self.vips.get(&(vip, protocol)) {
            let message = format!("two services have the VIP {vip} for {protocol}");
            findings.error(Diagnostic::error(span, message).also(first.clone(), "first used here"));
        } else {
            self.vips.insert((vip, protocol), span);
        }
    }

    /// A backend of a nat service.
    pub(super) fn nat_backend(
        &mut self,
        address: SocketAddr,
        protocol: Protocol,
        span: Range<usize>,
        findings: &mut Findings,
    ) {
        if let Some(first) = self.nat_backends.get(&(address, protocol)) {
            let message = format!("two nat services have the backend {address} for {protocol}");
            findings.error(
                Diagnostic::error(span, message)
                    .also(first.clone(), "first used here")
                    .note("a reply from that address and port could belong to either service")
                    .help("let the backend listen on one port for each service"),
            );
        } else {
            self.nat_backends.insert((address, protocol), span);
        }
    }

    /// What can be told only when every service has been seen.
    pub(super) fn finish(self, findings: &mut Findings) {
        for (endpoint, span) in self.nat_backends {
            let Some(vip) = self.vips.get(&endpoint) else { continue };
            let (address, protocol) = endpoint;
            let message = format!("the backend {address} is itself the VIP of a service for {protocol}");
            findings.error(
                Diagnostic::error(span, message)
                    .also(vip.clone(), "the VIP")
                    .note("a forwarded packet is not balanced again: services cannot be chained"),
            );
        }
    }
}
