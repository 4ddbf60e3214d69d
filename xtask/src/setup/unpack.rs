//! A package's files without its installation: no service starts, nothing of the system changes.

use std::{fs, path::Path, process::Command};

use anyhow::Context as _;

use crate::{command, setup::apt::Apt};

/// Fetches a package and puts its files below `folder`, in the place of whatever is there.
pub(super) fn unpack(apt: &Apt, package: &str, folder: &Path) -> anyhow::Result<()> {
    // What an interrupted setup left.
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    let download = folder.join("download");
    fs::create_dir_all(&download).with_context(|| format!("cannot create {}", download.display()))?;
    apt.download(package, &download)?;
    let entries = fs::read_dir(&download).with_context(|| format!("cannot list {}", download.display()))?;
    for package in entries.flatten() {
        command::output(Command::new("dpkg-deb").arg("--extract").arg(package.path()).arg(folder))?;
    }
    fs::remove_dir_all(&download).with_context(|| format!("cannot remove {}", download.display()))
}
