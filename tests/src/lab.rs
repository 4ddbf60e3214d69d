//! The laboratory: the owner of everything a test or a demonstration makes on this machine.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use anyhow::{Context as _, Result, ensure};
use nix::unistd::geteuid;

use crate::{Host, namespace, sweep};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A set of hosts with a temporary directory. All of it goes when this is dropped, also by a panic, which first shows
/// the logs of the laboratory's processes.
#[derive(Debug)]
pub struct Lab {
    name: String,
    directory: PathBuf,
}

impl Lab {
    /// An empty laboratory; first sweeps away what killed runs left behind.
    pub fn new() -> Result<Self> {
        ensure!(geteuid().is_root(), "a laboratory is made of network namespaces: only root can make it");
        Self::sweep()?;
        let name = sweep::name(NUMBER.fetch_add(1, Ordering::Relaxed));
        let directory = sweep::directory(&name);
        fs::create_dir(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
        Ok(Self { name, directory })
    }

    /// Removes the namespaces, processes, pins and directories of laboratories whose owner no longer lives.
    pub fn sweep() -> Result<()> {
        sweep::leftovers().context("cannot remove what an earlier run left behind")
    }

    /// Adds a host: a network namespace of its own, with nothing in it but the loopback device.
    pub fn host(&self, name: &str) -> Result<Host> {
        let namespace = format!("{}-{name}", self.name);
        namespace::add(&namespace)?;
        let host = Host::new(name.to_owned(), namespace, self.directory.clone());
        host.prepare().with_context(|| format!("cannot prepare the host {name}"))?;
        Ok(host)
    }

    /// The name everything of this laboratory starts with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The laboratory's temporary directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What the laboratory's processes have written, each under its name.
    #[must_use]
    pub fn logs(&self) -> String {
        let entries = fs::read_dir(&self.directory).into_iter().flatten().flatten();
        let mut logs: Vec<_> = entries.map(|entry| entry.path()).collect();
        logs.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
        logs.sort();
        let mut text = String::new();
        for path in logs {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let log = fs::read(&path).unwrap_or_default();
            if !log.is_empty() {
                let _ = write!(text, "--- {name} ---\n{}\n", String::from_utf8_lossy(&log).trim_end());
            }
        }
        text
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let mut screen = std::io::stderr();
        if thread::panicking() {
            let _ = writeln!(screen, "{}", self.logs());
        }
        if let Err(error) = sweep::laboratory(&self.name) {
            let _ = writeln!(screen, "{}: {error:#}", self.name);
        }
    }
}
