//! Configuration: text → raw (spans) → validated.
//!
//! [`parse`] is pure: what it must know of the machine comes in through [`Host`].

mod diagnostic;
mod endpoint;
mod file;
mod fit;
mod host;
mod name;
mod raw;
mod report;
mod schema;
mod shape;
mod suggest;
mod types;
mod validate;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::de::{DeTable, Deserializer};

pub use diagnostic::{Diagnostic, Label, Severity};
pub use file::load;
pub use fit::backend_fits;
pub use host::{Host, ThisHost};
pub use report::Report;
pub use types::{
    Algorithm, Api, Attach, Backend, Capacity, Config, Datapath, Forwarding, Health, Metrics, NoBackend,
    Protocol, Service, Track,
};

/// A configuration that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// What it says.
    pub config: Config,
    /// What about it is probably not meant; may be empty.
    pub warnings: Report,
}

/// Validates a configuration text; diagnostics call it `name`.
///
/// Faults of syntax, then of keys and types, then of meaning: each kind is looked for when there is none of the
/// one before, because what follows from a misspelt key is not worth reporting.
pub fn parse(name: &str, text: &str, host: &dyn Host) -> Result<Loaded, Report> {
    let raw = read(text).map_err(|faults| Report::new(name, text, faults))?;
    let (config, findings) = validate::validate(&raw, host);
    let report = Report::new(name, text, findings);
    match config {
        Some(config) => Ok(Loaded { config, warnings: report }),
        None => Err(report),
    }
}

/// Text → raw.
fn read(text: &str) -> Result<raw::Raw, Vec<Diagnostic>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut faults: Vec<_> = errors.iter().map(|error| toml_error(error, "invalid TOML: ")).collect();
    if faults.is_empty() {
        shape::check(table.get_ref(), &schema::ROOT, &mut faults);
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    raw::Raw::deserialize(Deserializer::from(table)).map_err(|error| vec![toml_error(&error, "")])
}

fn toml_error(error: &toml::de::Error, prefix: &str) -> Diagnostic {
    let message = format!("{prefix}{}", error.message());
    match error.span() {
        Some(span) => Diagnostic::error(span, message),
        None => Diagnostic::of_file(Severity::Error, message),
    }
}

#[cfg(test)]
mod tests;

/// Where pins are unless the configuration says otherwise.
pub const DEFAULT_PIN: &str = "/sys/fs/bpf/xdp-lb";

/// The pin folder that a configuration names, however wrong the rest of it is: the way back must not depend on that.
///
/// # Errors
///
/// Fails if the file cannot be read or is not TOML.
pub fn pin_of(path: &Path) -> Result<PathBuf, Report> {
    let name = path.display().to_string();
    let wrong = |message: String| Report::new(&name, "", vec![Diagnostic::of_file(Severity::Error, message)]);
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| wrong(error.message().to_owned()))?;
    let pin = table.get("datapath").and_then(|datapath| datapath.get("pin")).and_then(toml::Value::as_str);
    Ok(PathBuf::from(pin.unwrap_or(DEFAULT_PIN)))
}
