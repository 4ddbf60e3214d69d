//! All that xtask says itself.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the one module through which xtask speaks")]

use std::{
    io::{IsTerminal, Write, stderr},
    time::{Duration, Instant},
};

/// Longest progress line; a longer one would wrap and could not be overwritten.
const WIDTH: usize = 100;

/// How long a log goes without a sign of life.
const QUIET: Duration = Duration::from_secs(15);

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

/// A long step's progress: redrawn in place on a terminal, a line now and then elsewhere.
pub(crate) struct Progress {
    title: String,
    start: Instant,
    terminal: bool,
    /// When the last line was written where nothing can be redrawn.
    said: Instant,
}

impl Progress {
    /// Announces the step.
    pub(crate) fn start(title: &str) -> Self {
        let terminal = stderr().is_terminal();
        if !terminal {
            println!("{title} ...");
        }
        Self { title: title.to_owned(), start: Instant::now(), terminal, said: Instant::now() }
    }

    /// How long it has been going on.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Shows that it is going on, and the last line of the command's output.
    pub(crate) fn tick(&mut self, last: &str) {
        let printable =
            |text: String| text.chars().filter(|c| !c.is_control()).take(WIDTH).collect::<String>();
        let elapsed = self.elapsed().as_secs();
        if self.terminal {
            eprint!("\r\x1b[K{}", printable(format!("{} ({elapsed} s) {}", self.title, last.trim())));
            // Progress that cannot be shown is no reason to stop.
            let _ = stderr().flush();
        } else if self.said.elapsed() >= QUIET {
            self.said = Instant::now();
            println!("{}", printable(format!("  {elapsed} s: {}", last.trim())));
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
