//! One host of a laboratory.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, anyhow, bail};

use crate::{Process, namespace};

/// A network namespace that plays a host. A handle: the [`Lab`](crate::Lab) owns the namespace.
#[derive(Clone, Debug)]
pub struct Host {
    name: String,
    namespace: String,
    directory: PathBuf,
}

impl Host {
    pub(crate) fn new(name: String, namespace: String, directory: PathBuf) -> Self {
        Self { name, namespace, directory }
    }

    /// The name it was given, such as `client`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of its namespace under `/run/netns`.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The laboratory's temporary directory (hosts share the file system).
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Runs `work` inside the host, on a thread of its own; a panic inside becomes the caller's.
    pub fn enter<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        namespace::enter(&self.namespace, work)
    }

    /// Runs a command to its end and returns its standard output; failing, its standard error is in the error.
    pub fn run(&self, command: &mut Command) -> Result<String> {
        let shown = show(command);
        let output = self.enter(|| command.stdin(Stdio::null()).output().map_err(anyhow::Error::from));
        let output = output.with_context(|| format!("{}: cannot run {shown}", self.name))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            bail!("{}: {shown}: {}\n{}{text}", self.name, output.status, errors);
        }
        Ok(text)
    }

    /// Runs `ip` commands (each as after the word `ip`), stopping at the first that fails.
    pub fn ip(&self, commands: &[&str]) -> Result<()> {
        let mut ip = Command::new("ip");
        ip.args(["-batch", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let output = self.enter(|| {
            let mut child = ip.spawn().context("cannot run ip (package iproute2)")?;
            let mut input = child.stdin.take().ok_or_else(|| anyhow!("ip has no input"))?;
            writeln!(input, "{}", commands.join("\n"))?;
            drop(input);
            Ok(child.wait_with_output()?)
        })?;
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            bail!("{}: ip: {}\n  {}", self.name, errors.trim(), commands.join("\n  "));
        }
        Ok(())
    }

    /// Sets a sysctl below `/proc/sys/net`, named by its path there.
    pub fn sysctl(&self, path: &str, value: &str) -> Result<()> {
        let file = Path::new("/proc/sys/net").join(path);
        self.enter(|| {
            fs::write(&file, value).with_context(|| format!("cannot set {} to {value}", file.display()))
        })
    }

    /// Starts a command that ends, with all it has started, when the guard is dropped. What it writes goes to
    /// `LAB/HOST-LABEL.log`.
    pub fn spawn(&self, label: &str, command: &mut Command) -> Result<Process> {
        let name = format!("{}-{label}", self.name);
        let log = self.directory.join(format!("{name}.log"));
        let shown = show(command);
        self.enter(|| Process::spawn(name, log, command)).with_context(|| format!("cannot run {shown}"))
    }

    /// Lets the host forward packets between its devices.
    pub fn forward(&self) -> Result<()> {
        self.sysctl("ipv4/ip_forward", "1")?;
        self.sysctl("ipv6/conf/all/forwarding", "1")
    }

    /// What every host of a laboratory needs before its first device appears.
    pub(crate) fn prepare(&self) -> Result<()> {
        for kind in ["all", "default"] {
            // Duplicate address detection would make addresses unusable for their first second.
            self.sysctl(&format!("ipv6/conf/{kind}/accept_dad"), "0")?;
            self.sysctl(&format!("ipv6/conf/{kind}/disable_ipv6"), "0")?;
            // Packets of a service come back by other ways than they went.
            self.sysctl(&format!("ipv4/conf/{kind}/rp_filter"), "0")?;
            self.sysctl(&format!("ipv4/conf/{kind}/send_redirects"), "0")?;
        }
        self.ip(&["link set lo up"])
    }
}

fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
