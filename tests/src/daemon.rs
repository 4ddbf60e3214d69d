//! The daemon under test, run as an operator would.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use nix::sys::signal::Signal;

use crate::status::Status;
use crate::{Host, Process, sweep, tools, wait};

const PATIENCE: Duration = Duration::from_secs(20);

/// How to run the daemon.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The devices it attaches to.
    pub interfaces: Vec<String>,
    /// `auto`, `native` or `generic`.
    pub attach: String,
    /// Its `[[service]]` tables, as TOML.
    pub services: String,
    /// The program to run.
    pub binary: PathBuf,
}

impl Setup {
    /// The built daemon, attached natively.
    pub fn new(interfaces: &[String], services: &str) -> Result<Self> {
        Ok(Self {
            interfaces: interfaces.to_vec(),
            attach: "native".to_owned(),
            services: services.to_owned(),
            binary: tools::xdp_lb()?,
        })
    }

    /// The whole configuration, for a daemon on `host`.
    #[must_use]
    pub fn configuration(&self, host: &Host) -> String {
        let Self { interfaces, attach, services, .. } = self;
        let pin = pin(host).display().to_string();
        let socket = socket(host).display().to_string();
        format!(
            "[datapath]\ninterfaces = {interfaces:?}\nattach = {attach:?}\npin = {pin:?}\n\n\
             [api]\nsocket = {socket:?}\n\n[metrics]\nlisten = \"127.0.0.1:9464\"\n\n{services}"
        )
    }
}

/// A running daemon. Dropping it ends it and takes its program off the devices.
#[derive(Debug)]
pub struct Daemon {
    host: Host,
    setup: Setup,
    process: Process,
}

impl Daemon {
    /// Starts the daemon on a host and returns when it answers.
    pub fn start(host: &Host, setup: Setup) -> Result<Self> {
        fs::write(configuration_file(host), setup.configuration(host))?;
        let process = launch(host, &setup)?;
        let mut daemon = Self { host: host.clone(), setup, process };
        daemon.ready()?;
        Ok(daemon)
    }

    /// Starts it again, after its end, with the same configuration: it takes over what it has left pinned.
    pub fn start_again(&mut self) -> Result<()> {
        self.process = launch(&self.host, &self.setup)?;
        self.ready()
    }

    /// Gives it other services and tells it to reload; it may take a moment to have done so.
    pub fn reload(&mut self, services: &str) -> Result<()> {
        services.clone_into(&mut self.setup.services);
        fs::write(self.configuration_file(), self.setup.configuration(&self.host))?;
        self.signal(Signal::SIGHUP)
    }

    /// Sends it a signal.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        self.process.signal(signal)
    }

    /// Asks it to end and waits for that. The datapath goes on without it.
    pub fn terminate(&mut self) -> Result<ExitStatus> {
        self.signal(Signal::SIGTERM)?;
        self.process.wait(PATIENCE)
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) -> Result<ExitStatus> {
        self.process.kill()
    }

    /// Takes the program off the devices and unpins everything.
    pub fn detach(&self) -> Result<String> {
        let mut command = Command::new(&self.setup.binary);
        self.host.run(command.args(["detach", "--config"]).arg(self.configuration_file()))
    }

    /// Runs a command that talks to the daemon, such as `&["backend", "drain", "web", "web-1"]`.
    pub fn command(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.setup.binary);
        self.host.run(command.args(arguments).arg("--socket").arg(self.socket()))
    }

    /// What it says about its services.
    pub fn status(&self) -> Result<Status> {
        Status::parse(&self.command(&["status", "--json"])?)
    }

    /// Waits until the status is as wanted, and returns it.
    pub fn wait_for(
        &self,
        what: &str,
        timeout: Duration,
        wanted: impl Fn(&Status) -> Result<bool>,
    ) -> Result<Status> {
        let found = wait::until(what, timeout, || {
            let status = self.status()?;
            Ok(wanted(&status)?.then_some(status))
        });
        found.map_err(|error| {
            let status = self.command(&["status"]).unwrap_or_default();
            anyhow!("{error:#}\nstatus:\n{status}\nlog:\n{}", self.log())
        })
    }

    /// Waits until every backend is up.
    pub fn all_up(&self) -> Result<Status> {
        self.wait_for("every backend to be up", PATIENCE, |status| Ok(status.all_up()))
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// The configuration file it reads.
    #[must_use]
    pub fn configuration_file(&self) -> PathBuf {
        configuration_file(&self.host)
    }

    /// The socket it answers on.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        socket(&self.host)
    }

    /// The directory it pins its maps and programs in.
    #[must_use]
    pub fn pin(&self) -> PathBuf {
        pin(&self.host)
    }

    /// The program that runs.
    #[must_use]
    pub fn binary(&self) -> &Path {
        &self.setup.binary
    }

    fn ready(&mut self) -> Result<()> {
        let answer = wait::until("the daemon to answer", PATIENCE, || {
            if let Some(status) = self.process.ended()? {
                bail!("the daemon has ended: {status}");
            }
            // It may not have made its socket yet.
            Ok(self.command(&["status", "--json"]).ok())
        });
        answer.map(drop).map_err(|error| anyhow!("{error:#}; its log:\n{}", self.log().trim_end()))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Politely first, so that its own way out is taken; the laboratory removes what is left.
        let _ = self.terminate();
        let _ = self.kill();
        let _ = self.detach();
    }
}

fn launch(host: &Host, setup: &Setup) -> Result<Process> {
    let mut command = Command::new(&setup.binary);
    host.spawn("xdp-lb", command.args(["run", "--config"]).arg(configuration_file(host)))
}

fn configuration_file(host: &Host) -> PathBuf {
    host.directory().join(format!("{}.toml", host.name()))
}

fn socket(host: &Host) -> PathBuf {
    host.directory().join(format!("{}.sock", host.name()))
}

/// Named as the host's namespace, so that the laboratory finds and removes it.
fn pin(host: &Host) -> PathBuf {
    Path::new(sweep::BPFFS).join(host.namespace())
}
