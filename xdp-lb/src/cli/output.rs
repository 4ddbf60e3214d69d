//! The command line's only way to standard output.

use std::io::{self, IsTerminal as _, Write as _};

/// Prints `text` and a newline. A reader that has gone away (`| head`) is not an error.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whether colours are wanted on standard output: it is a terminal and `NO_COLOR` is not set (<https://no-color.org>).
pub(super) fn stdout_color() -> bool {
    io::stdout().is_terminal() && color_allowed()
}

/// The same for standard error.
pub(super) fn stderr_color() -> bool {
    io::stderr().is_terminal() && color_allowed()
}

fn color_allowed() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
