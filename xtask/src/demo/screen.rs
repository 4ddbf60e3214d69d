//! What the demonstration shows: lasting lines, and on a terminal one line that shows progress.

use std::io::{IsTerminal as _, Stdout, Write as _, stdout};
use std::time::{Duration, Instant};

use anyhow::Result;
use xdp_lb_lab::wait;

const TICK: Duration = Duration::from_millis(100);

pub(super) struct Screen {
    output: Stdout,
    moving: bool,
    turns: usize,
}

impl Screen {
    pub(super) fn new() -> Self {
        let output = stdout();
        let moving = output.is_terminal();
        Self { output, moving, turns: 0 }
    }

    /// Says what begins.
    pub(super) fn step(&mut self, text: &str) {
        self.line(&format!("==> {text}"));
    }

    pub(super) fn line(&mut self, text: &str) {
        self.clear();
        // A reader who has gone away does not stop the demonstration: it still has to clean up.
        let _ = writeln!(self.output, "{text}");
    }

    /// Shows a text of several lines, indented.
    pub(super) fn text(&mut self, text: &str) {
        for line in text.lines() {
            self.line(format!("    {line}").trim_end());
        }
    }

    /// Shows, on a terminal, that something moves.
    pub(super) fn progress(&mut self, text: &str) {
        if self.moving {
            self.turns += 1;
            let sign = ["|", "/", "-", "\\"].get(self.turns % 4).unwrap_or(&"");
            let _ = write!(self.output, "\r\x1b[K    {sign} {text}");
            let _ = self.output.flush();
        }
    }

    /// Lets time pass.
    pub(super) fn pause(&mut self, text: &str, duration: Duration) -> Result<()> {
        let end = Instant::now() + duration;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.progress(text);
            wait::sleep(left.min(TICK))?;
        }
    }

    fn clear(&mut self) {
        if self.moving {
            let _ = write!(self.output, "\r\x1b[K");
        }
    }
}
