//! Numbers, durations, names and paths.

use std::{fmt::Display, ops::RangeInclusive, path::PathBuf, time::Duration};

use super::findings::{Checked, Findings};
use crate::config::{
    diagnostic::Diagnostic,
    name::{self, Fault},
    raw::{Number, Text},
};

/// Longer waits are mistakes, and sums of them would not fit the clock's types.
pub(super) const LONGEST: Duration = Duration::from_hours(365 * 24);

/// A number within `range`; `None`: it is absent.
pub(super) fn number<N>(
    raw: Option<&Number>,
    key: &str,
    range: RangeInclusive<N>,
    findings: &mut Findings,
) -> Checked<Option<N>>
where
    N: Copy + Display + PartialOrd + TryFrom<i64>,
{
    let Some(raw) = raw else { return Ok(None) };
    match N::try_from(*raw.get_ref()) {
        Ok(number) if range.contains(&number) => Ok(Some(number)),
        _ => {
            let message = format!("`{key}` must be between {} and {}", range.start(), range.end());
            Err(findings.error(Diagnostic::error(raw.span(), message)))
        }
    }
}

/// A duration that is not zero.
pub(super) fn duration(
    raw: Option<&Text>,
    key: &str,
    default: Duration,
    findings: &mut Findings,
) -> Checked<Duration> {
    let any = Duration::from_nanos(1)..=LONGEST;
    duration_within(raw, key, any, findings).map(|duration| duration.unwrap_or(default))
}

/// A duration within `range`; `None`: it is absent.
pub(super) fn duration_within(
    raw: Option<&Text>,
    key: &str,
    range: RangeInclusive<Duration>,
    findings: &mut Findings,
) -> Checked<Option<Duration>> {
    let Some(raw) = raw else { return Ok(None) };
    let error = |message| Diagnostic::error(raw.span(), message);
    let text = |duration: &Duration| match duration.as_secs() / (24 * 60 * 60) {
        0 => humantime::format_duration(*duration).to_string(),
        1 => "a day".to_owned(),
        days => format!("{days} days"),
    };
    Err(findings.error(match humantime::parse_duration(raw.get_ref()) {
        Ok(duration) if range.contains(&duration) => return Ok(Some(duration)),
        Ok(Duration::ZERO) => error(format!("`{key}` must not be zero")),
        Ok(duration) if duration < *range.start() => {
            error(format!("`{key}` must not be shorter than {}", text(range.start())))
        }
        Ok(_) => error(format!("`{key}` must not be longer than {}", text(range.end()))),
        Err(reason) => error(format!("`{key}` is not a duration"))
            .label(reason.to_string())
            .help("write numbers with units, for example \"500ms\", \"2s\" or \"1m 30s\""),
    }))
}

/// The name of a service or a backend.
pub(super) fn name(raw: &Text, what: &str, findings: &mut Findings) -> Checked<String> {
    match name::fault(raw.get_ref(), what) {
        None => Ok(raw.get_ref().clone()),
        Some(Fault { message, help }) => {
            let error = Diagnostic::error(raw.span(), message);
            Err(findings.error(if let Some(help) = help { error.help(help) } else { error }))
        }
    }
}

/// An absolute path: the daemon's working directory is nobody's business.
pub(super) fn path(
    raw: Option<&Text>,
    key: &str,
    default: &str,
    findings: &mut Findings,
) -> Checked<PathBuf> {
    let Some(raw) = raw else { return Ok(default.into()) };
    let text = raw.get_ref();
    let error = |message| Diagnostic::error(raw.span(), message);
    Err(findings.error(if text.contains('\0') {
        error(format!("`{key}` contains a NUL character"))
    } else if text.starts_with('/') {
        return Ok(text.into());
    } else {
        error(format!("`{key}` must be an absolute path"))
            .help(format!("for example `{key} = \"{default}\"`"))
    }))
}
