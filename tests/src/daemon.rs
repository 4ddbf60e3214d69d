//! The daemon under test, run as an operator would.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
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
    /// More lines for `[datapath]`.
    pub datapath: String,
    /// Where its metrics are scraped.
    pub metrics: String,
    /// What is added to its names (configuration, socket, pins), for a second daemon on a host.
    pub label: String,
    /// Other pins than its own.
    pub pin: Option<PathBuf>,
    /// Another socket than its own.
    pub socket: Option<PathBuf>,
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
            datapath: String::new(),
            metrics: "127.0.0.1:9464".to_owned(),
            label: String::new(),
            pin: None,
            socket: None,
            binary: tools::xdp_lb()?,
        })
    }

    /// The whole configuration, for a daemon on `host`.
    #[must_use]
    pub fn configuration(&self, host: &Host) -> String {
        let Self { interfaces, attach, services, datapath, metrics, .. } = self;
        let [pin, socket] = [self.pin(host), self.socket(host)].map(|path| path.display().to_string());
        format!(
            "[datapath]\ninterfaces = {interfaces:?}\nattach = {attach:?}\npin = {pin:?}\n{datapath}\n\
             [api]\nsocket = {socket:?}\n\n[metrics]\nlisten = {metrics:?}\n\n{services}"
        )
    }

    /// The configuration file of a daemon on `host`.
    #[must_use]
    pub fn configuration_file(&self, host: &Host) -> PathBuf {
        host.directory().join(format!("{}.toml", self.name(host.name())))
    }

    /// Named as the host's namespace, so that the laboratory finds and removes it.
    #[must_use]
    pub fn pin(&self, host: &Host) -> PathBuf {
        self.pin.clone().unwrap_or_else(|| Path::new(sweep::BPFFS).join(self.name(host.namespace())))
    }

    /// Where a daemon on `host` answers.
    #[must_use]
    pub fn socket(&self, host: &Host) -> PathBuf {
        let own = || host.directory().join(format!("{}.sock", self.name(host.name())));
        self.socket.clone().unwrap_or_else(own)
    }

    /// Starts a daemon that is to give up at once, and returns what it wrote; an error if it runs, or ends well.
    pub fn refused(&self, host: &Host) -> Result<String> {
        self.write(host)?;
        let mut process = self.launch(host)?;
        let status = process.wait(PATIENCE)?;
        ensure!(status.code() == Some(1), "the daemon ended with {status}:\n{}", process.log());
        Ok(process.log())
    }

    fn write(&self, host: &Host) -> Result<()> {
        let file = self.configuration_file(host);
        fs::write(&file, self.configuration(host)).with_context(|| format!("cannot write {}", file.display()))
    }

    fn launch(&self, host: &Host) -> Result<Process> {
        let mut command = Command::new(&self.binary);
        command.args(["run", "--config"]).arg(self.configuration_file(host));
        host.spawn(&self.name("xdp-lb"), &mut command)
    }

    fn name(&self, name: &str) -> String {
        if self.label.is_empty() { name.to_owned() } else { format!("{name}-{}", self.label) }
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
        setup.write(host)?;
        let process = setup.launch(host)?;
        let mut daemon = Self { host: host.clone(), setup, process };
        daemon.ready()?;
        Ok(daemon)
    }

    /// Starts it again, after its end, with the same configuration: it takes over what it has left pinned.
    pub fn start_again(&mut self) -> Result<()> {
        ensure!(self.process.ended()?.is_some(), "the daemon has not ended yet");
        self.process = self.setup.launch(&self.host)?;
        self.ready()
    }

    /// Changes its configuration file, and nothing else: it has not read it yet.
    pub fn configure(&mut self, change: impl FnOnce(&mut Setup)) -> Result<()> {
        change(&mut self.setup);
        self.setup.write(&self.host)
    }

    /// Gives it other services and tells it to reload; it may take a moment to have done so.
    pub fn reload(&mut self, services: &str) -> Result<()> {
        self.configure(|setup| services.clone_into(&mut setup.services))?;
        self.signal(Signal::SIGHUP)
    }

    /// Sends it a signal.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        self.process.signal(signal)
    }

    /// Asks it to end and waits for that. The datapath goes on without it.
    pub fn terminate(&mut self) -> Result<ExitStatus> {
        self.signal(Signal::SIGTERM)?;
        self.end()
    }

    /// Waits until it has ended by itself.
    pub fn end(&mut self) -> Result<ExitStatus> {
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
        mut wanted: impl FnMut(&Status) -> Result<bool>,
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
        self.setup.configuration_file(&self.host)
    }

    /// The socket it answers on.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.setup.socket(&self.host)
    }

    /// The directory it pins its maps and programs in.
    #[must_use]
    pub fn pin(&self) -> PathBuf {
        self.setup.pin(&self.host)
    }

    /// How it was set up.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
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
