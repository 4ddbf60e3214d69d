//! A process of a laboratory.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::wait;

/// A running process with all it starts: they form one process group, which is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    pub(crate) fn spawn(name: String, log: PathBuf, command: &mut Command) -> Result<Self> {
        let output = File::options().create(true).append(true).open(&log)?;
        let errors = output.try_clone()?;
        // A group of its own also keeps the terminal's Ctrl-C away: the laboratory decides the order of the end.
        let child = command.process_group(0).stdin(Stdio::null()).stdout(output).stderr(errors).spawn()?;
        Ok(Self { name, child, log })
    }

    /// Its process number, which is also its group's.
    #[must_use]
    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Where its output goes.
    #[must_use]
    pub fn log_file(&self) -> &Path {
        &self.log
    }

    /// What it has written so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read(&self.log).map(|log| String::from_utf8_lossy(&log).into_owned()).unwrap_or_default()
    }

    /// Its exit status, if it has ended.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("cannot ask after {}", self.name))
    }

    /// Sends a signal to the process and all it has started.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        if self.ended()?.is_some() {
            return Ok(());
        }
        killpg(self.pid(), signal).with_context(|| format!("cannot send {signal} to {}", self.name))
    }

    /// Waits for its end; the log is in the error if it does not come in time.
    pub fn wait(&mut self, timeout: Duration) -> Result<ExitStatus> {
        let what = format!("the end of {}", self.name);
        wait::regardless(&what, timeout, || self.ended()).with_context(|| self.log())
    }

    /// Ends the process and all it has started at once.
    pub fn kill(&mut self) -> Result<ExitStatus> {
        // Its children may outlive it, so the group is signalled even when the leader has ended.
        let _ = killpg(self.pid(), Signal::SIGKILL);
        Ok(self.child.wait()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
