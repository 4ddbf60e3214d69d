//! nginx, for the demonstration's backends: unpacked beside the other tools, not installed, so that no service starts.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};

use crate::{
    command, say,
    setup::{apt::Apt, unpack},
    workspace::{Workspace, find_program},
};

/// Where the executable is.
pub(super) fn executable(workspace: &Workspace) -> PathBuf {
    workspace.tools().join("nginx/usr/sbin/nginx")
}

/// Unpacks it, with the libraries it lacks, unless it is there and runs.
pub(super) fn ensure(workspace: &Workspace, apt: &Apt) -> anyhow::Result<()> {
    let executable = executable(workspace);
    if !runs(&executable) {
        if Apt::is_there() {
            unpack(workspace, apt)?;
        } else {
            borrow(&executable)?;
        }
        if !runs(&executable) {
            bail!("{} does not run: `ldd` on it says which library is missing", executable.display());
        }
    }
    say::line("setup: nginx is unpacked under target/tools, and not installed");
    Ok(())
}

fn runs(executable: &Path) -> bool {
    command::output(Command::new(executable).arg("-v")).is_ok()
}

fn unpack(workspace: &Workspace, apt: &Apt) -> anyhow::Result<()> {
    unpack::unpack(apt, "nginx", &workspace.tools().join("nginx"))?;
    if !runs(&executable(workspace)) {
        let depends = command::output(Command::new("apt-cache").args(["depends", "nginx"]))?;
        apt.install("nginx's libraries", &libraries(&depends))?;
    }
    Ok(())
}

/// The libraries among what `apt-cache depends` prints.
fn libraries(depends: &str) -> Vec<&str> {
    depends
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "))
        .filter(|package| package.starts_with("lib") || package.starts_with("zlib"))
        .collect()
}

/// Where there is no apt, an nginx that the user installed serves as well.
fn borrow(executable: &Path) -> anyhow::Result<()> {
    let installed = find_program("nginx").context(
        "the demonstration needs nginx, and there is no apt to fetch it: install it and stop its service",
    )?;
    if let Some(folder) = executable.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    // A link to an nginx that is gone.
    let _ = fs::remove_file(executable);
    std::os::unix::fs::symlink(&installed, executable)
        .with_context(|| format!("cannot link {} to {}", executable.display(), installed.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_libraries_are_installed() {
        let depends = "nginx\n  Depends: libc6\n  Depends: zlib1g\n  Depends: iproute2\n  Depends: nginx-common\n  \
                       Breaks: libnginx-old\n";
        assert_eq!(libraries(depends), ["libc6", "zlib1g"]);
    }
}
