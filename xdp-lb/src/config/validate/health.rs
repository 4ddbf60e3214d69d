//! `[service.health]`.

use std::time::Duration;

use toml::Spanned;

use super::{
    choice::{self, Check},
    findings::{Checked, Findings},
    value,
};
use crate::config::{
    diagnostic::Diagnostic,
    raw::RawHealth,
    types::{Health, Protocol},
};

const DEFAULT: Health = Health {
    port: None,
    interval: Duration::from_secs(2),
    timeout: Duration::from_secs(1),
    rise: 2,
    fall: 3,
};

/// How a service's backends are checked; `None`: they are not.
pub(super) fn health(
    raw: Option<&Spanned<RawHealth>>,
    protocol: Checked<Protocol>,
    findings: &mut Findings,
) -> Checked<Option<Health>> {
    let Some(raw) = raw else { return Ok((protocol? == Protocol::Tcp).then_some(DEFAULT)) };
    let health = raw.get_ref();
    // Connecting to a UDP service's port would find it dead: whoever wants that has a port for it and says so.
    if health.r#type.is_none() && matches!(protocol, Ok(Protocol::Udp)) {
        let error = Diagnostic::error(raw.span(), "the health check of a udp service needs a `type`");
        findings.error(error.help("`type = \"tcp\"` with a `port` that answers, or `type = \"none\"`"));
    }
    let check = choice::CHECK.pick(health.r#type.as_ref(), findings);
    let port = value::number(health.port.as_ref(), "port", 1..=u16::MAX, findings);
    let interval = value::duration(health.interval.as_ref(), "interval", DEFAULT.interval, findings);
    let timeout = value::duration(health.timeout.as_ref(), "timeout", DEFAULT.timeout, findings);
    let rise = value::number(health.rise.as_ref(), "rise", 1..=u32::MAX, findings);
    let fall = value::number(health.fall.as_ref(), "fall", 1..=u32::MAX, findings);
    let checked = Health {
        port: port?,
        interval: interval?,
        timeout: timeout?,
        rise: rise?.unwrap_or(DEFAULT.rise),
        fall: fall?.unwrap_or(DEFAULT.fall),
    };
    match check? {
        Check::Tcp => Ok(Some(checked)),
        Check::None => Ok(None),
    }
}
