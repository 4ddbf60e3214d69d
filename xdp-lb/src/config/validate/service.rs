//! `[[service]]`.

use std::{net::SocketAddr, time::Duration};

use toml::Spanned;

use super::{
    backend, choice,
    findings::{Checked, Findings},
    health,
    selection::{self, Selection},
    unique::Unique,
    value,
};
use crate::config::{
    diagnostic::Diagnostic,
    endpoint,
    raw::{RawService, Text},
    types::{NoBackend, Service},
};

const DEFAULT_DRAIN_TIMEOUT: Duration = Duration::from_mins(1);

/// Most slots of one service.
const MOST_SLOTS: u32 = 1 << 24;

pub(super) fn service<'a>(
    raw: &'a Spanned<RawService>,
    unique: &mut Unique<'a>,
    findings: &mut Findings,
) -> Checked<Service> {
    let service = raw.get_ref();
    let name = required(raw, service.name.as_ref(), "name = \"web\"", findings)
        .and_then(|text| value::name(text, "service", findings));
    if let Some(text) = &service.name {
        unique.name(text, findings);
    }
    let protocol = choice::PROTOCOL.pick(service.protocol.as_ref(), findings);
    let forwarding = choice::FORWARDING.pick(service.forwarding.as_ref(), findings);
    let vip = required(raw, service.vip.as_ref(), "vip = \"192.0.2.10:443\"", findings)
        .and_then(|text| vip(text, findings));
    if let (Some(text), Ok(vip), Ok(protocol)) = (&service.vip, vip, protocol) {
        unique.vip(vip, protocol, text.span(), findings);
    }
    let drain_timeout = service.drain_timeout.as_ref();
    let drain_timeout = value::duration(drain_timeout, "drain_timeout", DEFAULT_DRAIN_TIMEOUT, findings);
    let selection = selection::selection(service, protocol, findings);
    let slots = slots(service, findings);
    let health = health::health(service.health.as_ref(), protocol, findings);
    let backends = backend::Scope { vip, protocol, forwarding }.backends(&service.backend, unique, findings);
    let Selection { algorithm, affinity, track, idle_timeout, slow_start, panic_threshold, no_backend } =
        selection?;
    let validated = Service {
        name: name?,
        vip: vip?,
        protocol: protocol?,
        forwarding: forwarding?,
        algorithm,
        affinity,
        track,
        idle_timeout,
        slots: slots?,
        drain_timeout: drain_timeout?,
        slow_start,
        panic_threshold,
        no_backend,
        health: health?,
        backends: backends?,
    };
    selection::contradictions(service, &validated, findings)?;
    warn_of_none(raw, &validated, findings);
    Ok(validated)
}

/// A key that has no default.
pub(super) fn required<'a, T>(
    section: &Spanned<T>,
    text: Option<&'a Text>,
    example: &str,
    findings: &mut Findings,
) -> Checked<&'a Text> {
    text.ok_or_else(|| {
        let key = example.split(' ').next().unwrap_or_default();
        let error = Diagnostic::error(section.span(), format!("the key `{key}` is missing here"));
        findings.error(error.help(format!("for example `{example}`")))
    })
}

fn vip(text: &Text, findings: &mut Findings) -> Checked<SocketAddr> {
    endpoint::vip(text.get_ref()).map_err(|problem| findings.endpoint(text.span(), problem))
}

fn slots(service: &RawService, findings: &mut Findings) -> Checked<Option<u32>> {
    let slots = value::number(service.slots.as_ref(), "slots", 1..=MOST_SLOTS, findings)?;
    let backends = service.backend.len();
    match (&service.slots, slots) {
        (Some(raw), Some(few)) if (few as usize) < backends => {
            let message = format!("`slots` must be at least 1 for each backend, and there are {backends}");
            let error = Diagnostic::error(raw.span(), message);
            Err(findings
                .error(error.help("a hundred for each backend keep shares within 1 % of the weights")))
        }
        _ => Ok(slots),
    }
}

/// What leaves the service without a backend, or a distinction without a difference.
fn warn_of_none(raw: &Spanned<RawService>, service: &Service, findings: &mut Findings) {
    let Service { name, backends, .. } = service;
    let lost = match service.no_backend {
        NoBackend::Drop => "its new connections are dropped",
        NoBackend::Reject => "its new connections are rejected",
    };
    let (message, note) = if backends.is_empty() {
        (format!("the service `{name}` has no backends"), lost)
    } else if backends.iter().all(|backend| backend.weight == 0) {
        (format!("every backend of the service `{name}` has weight 0"), lost)
    } else if backends.iter().all(|backend| backend.backup) {
        (format!("every backend of the service `{name}` is a backup"), "they serve as if none of them were")
    } else {
        return;
    };
    findings.warning(Diagnostic::warning(raw.span(), message).note(note));
}
