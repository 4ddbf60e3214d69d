//! Names of services and backends: they can stand in a command, a URL and a metric's label.

use super::suggest::quoted;

/// Longest name, in bytes.
const LONGEST: usize = 64;

/// Why a text is no name.
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) help: Option<&'static str>,
}

/// What keeps `text` from being the name of a `what`.
pub(super) fn fault(text: &str, what: &str) -> Option<Fault> {
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-[]".contains(&byte);
    if text.is_empty() {
        Some(Fault { message: format!("the name of a {what} must not be empty"), help: None })
    } else if text.len() > LONGEST {
        let message = format!("the name of a {what} must not be longer than {LONGEST} bytes");
        Some(Fault { message, help: None })
    } else if !text.bytes().all(usual) || text.bytes().all(|byte| byte == b'.') {
        let message = format!("{} cannot be the name of a {what}", quoted(text));
        Some(Fault { message, help: Some("names are made of A-Z a-z 0-9 . _ : - [ ]") })
    } else {
        None
    }
}
