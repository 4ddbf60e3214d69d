//! `[[service.backend]]`.

use std::{collections::HashMap, net::SocketAddr, ops::Range};

use toml::Spanned;

use super::{
    findings::{Checked, Findings},
    service::required,
    unique::Unique,
    value,
};
use crate::config::{
    diagnostic::Diagnostic,
    endpoint, fit,
    raw::{RawBackend, Text},
    types::{Backend, Forwarding, Protocol},
};

const DEFAULT_WEIGHT: u16 = 1;

/// What of its service a backend must fit, as far as that is in order itself.
pub(super) struct Scope {
    pub(super) vip: Checked<SocketAddr>,
    pub(super) protocol: Checked<Protocol>,
    pub(super) forwarding: Checked<Forwarding>,
}

/// What of the backends of one service has been seen, and where.
#[derive(Default)]
struct Seen {
    names: HashMap<String, Range<usize>>,
    addresses: HashMap<SocketAddr, Range<usize>>,
}

impl Scope {
    /// All backends of a service.
    pub(super) fn backends(
        &self,
        raw: &[Spanned<RawBackend>],
        unique: &mut Unique<'_>,
        findings: &mut Findings,
    ) -> Checked<Vec<Backend>> {
        let mut seen = Seen::default();
        let checked: Vec<_> = raw
            .iter()
            .map(|entry| {
                let backend = self.backend(entry, findings)?;
                let address = entry.get_ref().address.as_ref().map_or(entry.span(), Spanned::span);
                let name = entry.get_ref().name.as_ref().map_or(address.clone(), Spanned::span);
                seen.add(&backend, address.clone(), name, findings)?;
                if let (Ok(Forwarding::Nat), Ok(protocol)) = (self.forwarding, self.protocol) {
                    unique.nat_backend(backend.address, protocol, address, findings);
                }
                Ok(backend)
            })
            .collect();
        checked.into_iter().collect()
    }

    fn backend(&self, raw: &Spanned<RawBackend>, findings: &mut Findings) -> Checked<Backend> {
        let RawBackend { name, address, weight, backup, max_connections } = raw.get_ref();
        let name = name.as_ref().map(|text| value::name(text, "backend", findings));
        let address = required(raw, address.as_ref(), "address = \"10.0.1.11:8443\"", findings)
            .and_then(|text| self.address(text, findings));
        let weight = value::number(weight.as_ref(), "weight", 0..=u16::MAX, findings);
        let max_connections =
            value::number(max_connections.as_ref(), "max_connections", 1..=u32::MAX, findings);
        let address = address?;
        Ok(Backend {
            name: name.unwrap_or_else(|| Ok(address.to_string()))?,
            address,
            weight: weight?.unwrap_or(DEFAULT_WEIGHT),
            backup: *backup,
            max_connections: max_connections?,
        })
    }

    fn address(&self, text: &Text, findings: &mut Findings) -> Checked<SocketAddr> {
        let (ip, port) =
            endpoint::backend(text.get_ref()).map_err(|problem| findings.endpoint(text.span(), problem))?;
        let port = match port {
            Some(port) => port,
            None => self.vip?.port(),
        };
        let address = SocketAddr::new(ip, port);
        let misfit = self.vip.ok().and_then(|vip| fit::misfit(vip, self.forwarding.ok(), address));
        match misfit {
            None => Ok(address),
            Some(misfit) => {
                let error = Diagnostic::error(text.span(), misfit.message);
                Err(findings.error(error.note(misfit.note).help(misfit.help)))
            }
        }
    }
}

impl Seen {
    fn add(
        &mut self,
        backend: &Backend,
        address: Range<usize>,
        name: Range<usize>,
        findings: &mut Findings,
    ) -> Checked<()> {
        if let Some(first) = self.addresses.get(&backend.address) {
            let message = format!("two backends of the service have the address {}", backend.address);
            let error = Diagnostic::error(address, message).also(first.clone(), "first used here");
            return Err(findings.error(error.help("for a larger share, give one backend a larger weight")));
        }
        if let Some(first) = self.names.get(&backend.name) {
            let message = format!("two backends of the service are called `{}`", backend.name);
            let error = Diagnostic::error(name, message).also(first.clone(), "first used here");
            return Err(findings.error(error));
        }
        self.addresses.insert(backend.address, address);
        self.names.insert(backend.name.clone(), name);
        Ok(())
    }
}
