//! Packet tables on other kernels: the test's own binary, in a virtual machine that has nothing else.

mod image;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

use crate::{
    command, say,
    setup::{self, Kernel},
    workspace::Workspace,
};

/// How long a machine may take: a minute is usual under emulation.
const LIMIT: Duration = Duration::from_mins(10);

/// Runs the packet tables on every kernel, all at once.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    let kernels = setup::kernels(workspace)?;
    let tests = packet_tests(workspace)?;
    let folder = workspace.target().join("vm");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let results: Vec<_> = thread::scope(|scope| {
        let machines: Vec<_> =
            kernels.iter().map(|kernel| scope.spawn(|| boot(kernel, &tests, &folder))).collect();
        machines.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });
    let mut failed = Vec::new();
    for (kernel, result) in kernels.iter().zip(results) {
        let outcome = match result {
            Ok(outcome) => outcome,
            Err(_panic) => bail!("the thread of the machine with Linux {} panicked", kernel.series),
        };
        if let Err(error) = outcome {
            say::line(&format!("Linux {}: {error:#}", kernel.series));
            failed.push(kernel.series);
        }
    }
    if !failed.is_empty() {
        bail!("the packet tables failed on Linux {}", failed.join(" and "));
    }
    Ok(())
}

/// The compiled packet tables.
fn packet_tests(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let messages = command::output(workspace.cargo().args([
        "test",
        "--quiet",
        "--package",
        "xdp-lb-lab",
        "--test",
        "packets",
        "--no-run",
        "--message-format=json",
    ]))?;
    executable(&messages).map(PathBuf::from).context("cargo does not say where the packet tables are")
}

/// The executable that cargo's messages name last.
fn executable(messages: &str) -> Option<&str> {
    let key = "\"executable\":\"";
    let (_, rest) = messages.rsplit_once(key)?;
    rest.split_once('"').map(|(path, _)| path)
}

/// Boots a kernel with the tests, shows what they print, and fails if they do or say nothing.
fn boot(kernel: &Kernel, tests: &Path, folder: &Path) -> anyhow::Result<()> {
    let (disk, log) =
        (folder.join(format!("{}.img", kernel.series)), folder.join(format!("{}.log", kernel.series)));
    image::make(kernel, tests, &disk)?;
    let output = fs::File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut machine = Command::new("qemu-system-x86_64");
    // Emulated, also where there is KVM: slower, and everywhere the same.
    // Emulated even where there is KVM: it is slower and everywhere the same.
    machine
        .args(["-machine", "q35,accel=tcg", "-cpu", "max", "-smp", "1", "-m", "2G"])
        .args(["-nographic", "-no-reboot", "-net", "none"])
        .arg("-kernel")
        .arg(&kernel.image)
        .arg("-initrd")
        .arg(&disk)
        .args(["-append", "console=ttyS0 quiet panic=-1"])
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output);
    let ended = wait(&mut machine)?;
    let text = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    let shown: Vec<_> = text.lines().skip_while(|line| !line.contains(image::BEGIN)).skip(1).collect();
    say::line(&format!("--- on Linux {}\n{}", kernel.series, shown.join("\n")));
    if !ended {
        bail!("the machine did not end within {} s", LIMIT.as_secs());
    }
    if !text.contains(image::SUCCESS) {
        bail!("the tests failed or did not run; all of it is in {}", log.display());
    }
    Ok(())
}

/// Waits for the machine; `false`: it had to be ended.
fn wait(machine: &mut Command) -> anyhow::Result<bool> {
    let mut child = machine.spawn().context("cannot start qemu-system-x86_64")?;
    let start = Instant::now();
    while start.elapsed() < LIMIT {
        if child.try_wait()?.is_some() {
            return Ok(true);
        }
        thread::sleep(Duration::from_millis(200));
    }
    child.kill()?;
    child.wait()?;
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_the_last_that_is_named() {
        let messages = "{\"executable\":null}\n{\"executable\":\"/t/deps/packets-0\",\"fresh\":true}\n{\"success\":true}";
        assert_eq!(executable(messages), Some("/t/deps/packets-0"));
        assert_eq!(executable("{\"executable\":null}"), None);
    }
}
