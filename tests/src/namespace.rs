//! Named network namespaces: making, entering and removing them.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::panic;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sched::{CloneFlags, setns};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

pub(crate) const DIRECTORY: &str = "/run/netns";

fn path(name: &str) -> PathBuf {
    Path::new(DIRECTORY).join(name)
}

pub(crate) fn add(name: &str) -> Result<()> {
    ip(&["netns", "add", name])
}

/// Ends what still runs in the namespace, then removes its name. The kernel frees it with its last user.
pub(crate) fn remove(name: &str) -> Result<()> {
    end_processes(name)?;
    // Another run may be sweeping too.
    ip(&["netns", "delete", name]).or_else(|error| if path(name).exists() { Err(error) } else { Ok(()) })
}

fn ip(arguments: &[&str]) -> Result<()> {
    let output = Command::new("ip").args(arguments).output().context("cannot run ip (package iproute2)")?;
    if !output.status.success() {
        bail!("ip {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// Runs `work` on a thread of its own inside the namespace. Only the network namespace changes: `/sys` and bpffs stay
/// in sight, unlike under `ip netns exec`. Processes started by `work` inherit the namespace.
pub(crate) fn enter<T: Send>(name: &str, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let inside = || {
        let file = File::open(path(name)).with_context(|| format!("no network namespace {name}"))?;
        setns(&file, CloneFlags::CLONE_NEWNET).context("cannot enter a network namespace (are you root?)")?;
        work()
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, inside)?;
        // An assertion that failed inside is the caller's failure.
        thread.join().unwrap_or_else(|payload| panic::resume_unwind(payload))
    })
}

/// Kills the processes whose namespace this is, and waits until they are gone.
fn end_processes(name: &str) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let left = processes(name)?;
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("processes {left:?} do not leave the namespace {name}");
        }
        for pid in left {
            // One that has just ended by itself is what we want.
            let _ = kill(pid, Signal::SIGKILL);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn processes(name: &str) -> Result<Vec<Pid>> {
    let namespace = match fs::metadata(path(name)) {
        Ok(metadata) => (metadata.dev(), metadata.ino()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let own = Pid::this();
    let inside = |pid: &Pid| {
        fs::metadata(format!("/proc/{pid}/ns/net")).is_ok_and(|found| (found.dev(), found.ino()) == namespace)
    };
    let pid = |name: &OsStr| name.to_str()?.parse().ok().map(Pid::from_raw);
    Ok(fs::read_dir("/proc")?
        .filter_map(|entry| pid(&entry.ok()?.file_name()))
        .filter(|pid| *pid != own && inside(pid))
        .collect())
}
