//! All that xtask says itself.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the one module through which xtask speaks")]

use std::{
    io::{IsTerminal, Write, stderr},
    time::{Duration, Instant},
};

/// Longest progress line; a longer one would wrap and could not be overwritten.
const WIDTH: usize = 100;

/// Something done or chosen, in one line.
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// The start of a part.
pub(crate) fn heading(text: &str) {
    println!("\n== {text}");
}

/// The end.
pub(crate) fn error(text: &str) {
    eprintln!("error: {text}");
}

/// A duration as people read it.
pub(crate) fn seconds(elapsed: Duration) -> String {
    format!("{:.1} s", elapsed.as_secs_f64())
}

/// A long step's progress: redrawn in place on a terminal, a line at its start and at its end elsewhere.
pub(crate) struct Progress {
    title: String,
    start: Instant,
    terminal: bool,
}

impl Progress {
    /// Announces the step.
    pub(crate) fn start(title: &str) -> Self {
        let terminal = stderr().is_terminal();
        if !terminal {
            println!("{title} ...");
        }
        Self { title: title.to_owned(), start: Instant::now(), terminal }
    }

    /// How long it has been going on.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Shows that it is going on, and the last line of the command's output.
    pub(crate) fn tick(&self, last: &str) {
        if self.terminal {
            let text = format!("{} ({:.0} s) {}", self.title, self.elapsed().as_secs_f64(), last.trim());
            let text: String = text.chars().filter(|c| !c.is_control()).take(WIDTH).collect();
            eprint!("\r\x1b[K{text}");
            // Progress that cannot be shown is no reason to stop.
            let _ = stderr().flush();
        }
    }

    /// Leaves a line that says how long it took.
    pub(crate) fn done(self) {
        self.clear();
        println!("{}: done in {}", self.title, seconds(self.elapsed()));
    }

    /// Leaves nothing: what follows says what went wrong.
    pub(crate) fn clear(&self) {
        if self.terminal {
            eprint!("\r\x1b[K");
        }
    }
}
