//! How a service's backends are selected: algorithm, affinity, what is noted of flows, slow start, panic.

use std::time::Duration;

use super::{
    choice::{self, Affinity},
    findings::{Checked, Findings},
    value,
};
use crate::config::{
    diagnostic::Diagnostic,
    raw::{RawService, Text},
    types::{Algorithm, NoBackend, Protocol, Service, Track},
};

const DEFAULT_AFFINITY: Duration = Duration::from_mins(10);
/// The program knows it in 16 bits.
const LONGEST_AFFINITY: Duration = Duration::from_secs(u16::MAX as u64);

/// As long as most servers and clients leave a connection silent.
const DEFAULT_TCP_IDLE: Duration = Duration::from_mins(15);
/// As NATs are asked to (RFC 4787, section 4.3).
const DEFAULT_UDP_IDLE: Duration = Duration::from_mins(2);
/// The program's clock ticks once a second.
const TICK: Duration = Duration::from_secs(1);

const LONGEST_SLOW_START: Duration = Duration::from_hours(24);

/// The keys' values, each in order by itself.
pub(super) struct Selection {
    pub(super) algorithm: Algorithm,
    pub(super) affinity: Option<Duration>,
    pub(super) track: Track,
    pub(super) idle_timeout: Duration,
    pub(super) slow_start: Option<Duration>,
    pub(super) panic_threshold: u8,
    pub(super) no_backend: NoBackend,
}

pub(super) fn selection(
    service: &RawService,
    protocol: Checked<Protocol>,
    findings: &mut Findings,
) -> Checked<Selection> {
    let algorithm = choice::ALGORITHM.pick(service.algorithm.as_ref(), findings);
    let affinity = affinity(service, findings);
    let track = choice::TRACK.pick(service.track.as_ref(), findings);
    let idle = service.idle_timeout.as_ref();
    let idle_timeout = value::duration_within(idle, "idle_timeout", TICK..=value::LONGEST, findings);
    let slow_start = service.slow_start.as_ref();
    let slow_start =
        value::duration_within(slow_start, "slow_start", Duration::ZERO..=LONGEST_SLOW_START, findings);
    let panic_threshold =
        value::number(service.panic_threshold.as_ref(), "panic_threshold", 0..=100, findings);
    let no_backend = choice::NO_BACKEND.pick(service.no_backend.as_ref(), findings);
    Ok(Selection {
        algorithm: algorithm?,
        affinity: affinity?,
        track: track?,
        idle_timeout: idle_timeout?.unwrap_or(match protocol? {
            Protocol::Tcp => DEFAULT_TCP_IDLE,
            Protocol::Udp => DEFAULT_UDP_IDLE,
        }),
        slow_start: slow_start?.filter(|duration| !duration.is_zero()),
        panic_threshold: panic_threshold?.unwrap_or(0),
        no_backend: no_backend?,
    })
}

/// For how long clients are remembered, if they are.
fn affinity(service: &RawService, findings: &mut Findings) -> Checked<Option<Duration>> {
    let affinity = choice::AFFINITY.pick(service.affinity.as_ref(), findings);
    let raw = service.affinity_timeout.as_ref();
    let timeout = value::duration_within(raw, "affinity_timeout", TICK..=LONGEST_AFFINITY, findings)?;
    let error = |text: &Text, message: &str| Diagnostic::error(text.span(), message);
    match (affinity?, raw, timeout) {
        (Affinity::None, Some(text), _) => Err(findings.error(
            error(text, "`affinity_timeout` without affinity")
                .note("no client is remembered")
                .help("add `affinity = \"client-ip\"`, or leave it out"),
        )),
        (Affinity::None, None, _) => Ok(None),
        (Affinity::ClientIp, Some(text), Some(timeout)) if timeout.subsec_nanos() != 0 => {
            Err(findings.error(error(text, "`affinity_timeout` must be whole seconds")))
        }
        (Affinity::ClientIp, _, timeout) => Ok(Some(timeout.unwrap_or(DEFAULT_AFFINITY))),
    }
}

/// What contradicts something else that the service says.
pub(super) fn contradictions(raw: &RawService, service: &Service, findings: &mut Findings) -> Checked<()> {
    if let (Some(text), true, None) = (&raw.algorithm, service.is_timed_by_checks(), service.health) {
        let error = Diagnostic::error(text.span(), "nothing measures the response times of this service");
        return Err(findings.error(
            error
                .note("with dsr replies do not pass here: the times are those of health checks, and there are none")
                .help("give it a health check, or use `algorithm = \"least-connections\"`"),
        ));
    }
    let mut unused = |span, key: &str, why: &str, help: &str| {
        let warning = Diagnostic::warning(span, format!("`{key}` has no effect"));
        findings.warning(warning.note(why).help(help));
    };
    if let (Some(number), None) = (&raw.panic_threshold, service.health)
        && service.panic_threshold > 0
    {
        let help = "give the service a health check";
        unused(number.span(), "panic_threshold", "backends are not checked: none is ever down", help);
    }
    if let (Some(text), false) = (&raw.idle_timeout, service.is_tracked()) {
        let why = "the service's flows are noted while slots move only, for as long as `drain_timeout` says";
        unused(text.span(), "idle_timeout", why, "`track = \"always\"` notes them all");
    }
    Ok(())
}
