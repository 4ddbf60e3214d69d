//! A configuration file, or a report on why it cannot be read.

use std::{fs, io, path::Path};

use super::{
    Loaded, Report,
    diagnostic::{Diagnostic, Severity},
    host::Host,
    parse,
};

/// Reads and validates a configuration file.
pub fn load(path: &Path, host: &dyn Host) -> Result<Loaded, Report> {
    let name = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| Report::new(&name, "", vec![unreadable(&error)]))?;
    match str::from_utf8(&bytes) {
        Ok(text) => parse(&name, text, host),
        Err(error) => Err(not_utf8(&name, &bytes, error.valid_up_to())),
    }
}

fn unreadable(error: &io::Error) -> Diagnostic {
    let message = format!("cannot read the configuration: {error}");
    let fault = Diagnostic::of_file(Severity::Error, message);
    if error.kind() == io::ErrorKind::IsADirectory {
        fault.help("name the file itself, for example `/etc/xdp-lb/config.toml`")
    } else {
        fault
    }
}

/// Up to the first wrong byte the text is as it was, so that its place is right.
fn not_utf8(name: &str, bytes: &[u8], at: usize) -> Report {
    let text = String::from_utf8_lossy(bytes);
    let span = at..at + char::REPLACEMENT_CHARACTER.len_utf8();
    let byte = bytes.get(at).copied().unwrap_or_default();
    let fault = Diagnostic::error(span, format!("the byte 0x{byte:02x} is not UTF-8"));
    Report::new(name, &text, vec![fault.help("save the file as UTF-8")])
}
