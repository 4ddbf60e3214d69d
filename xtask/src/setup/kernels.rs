//! Other kernels, and what boots them: for the tests in virtual machines alone.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail};

use super::{apt::Apt, unpack::unpack};
use crate::{
    command, say,
    workspace::{Workspace, find_program},
};

/// Debian's packages that depend on its newest kernel of a series: that of Debian 12, and the long-term one after it.
const SERIES: [(&str, &str); 2] =
    [("6.1", "linux-image-cloud-amd64"), ("6.12", "linux-image-6.12-cloud-amd64")];

/// Programs that boot them, with the packages that have them.
const PROGRAMS: [(&str, &str); 3] =
    [("qemu-system-x86_64", "qemu-system-x86"), ("busybox", "busybox-static"), ("cpio", "cpio")];

/// A kernel and its modules, unpacked.
pub(crate) struct Kernel {
    /// Its series.
    pub(crate) series: &'static str,
    /// What boots.
    pub(crate) image: PathBuf,
    /// The folder of its package.
    pub(crate) folder: PathBuf,
}

/// Finds or fetches them.
pub(crate) fn ensure(workspace: &Workspace) -> anyhow::Result<Vec<Kernel>> {
    let apt = Apt::new();
    let missing: Vec<_> = PROGRAMS
        .iter()
        .filter(|(program, _)| find_program(program).is_none())
        .map(|(_, package)| *package)
        .collect();
    apt.install("programs that boot other kernels", &missing)?;
    let kernels = SERIES.iter().map(|(series, package)| kernel(workspace, &apt, series, package));
    let kernels = kernels.collect::<anyhow::Result<Vec<_>>>()?;
    say::line("setup: qemu boots Debian's kernels 6.1 and 6.12, unpacked under target/tools");
    Ok(kernels)
}

fn kernel(workspace: &Workspace, apt: &Apt, series: &'static str, newest: &str) -> anyhow::Result<Kernel> {
    let folder = workspace.tools().join("kernels").join(series);
    if image(&folder).is_none() {
        apt.learn(newest)?;
        let depends = command::output(Command::new("apt-cache").args(["depends", newest]))?;
        let package =
            depended(&depends).with_context(|| format!("{newest} depends on no kernel:\n{depends}"))?;
        unpack(apt, package, &folder)?;
    }
    match image(&folder) {
        Some(image) => Ok(Kernel { series, image, folder }),
        None => bail!("there is no kernel in {}", folder.display()),
    }
}

fn image(folder: &Path) -> Option<PathBuf> {
    let files = fs::read_dir(folder.join("boot")).ok()?.flatten().map(|entry| entry.path());
    let is_kernel =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("vmlinuz"));
    files.into_iter().find(is_kernel)
}

/// The kernel among what `apt-cache depends` prints.
fn depended(depends: &str) -> Option<&str> {
    let packages = depends.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
    packages.into_iter().find(|package| package.starts_with("linux-image-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_behind_a_series_is_found() {
        let depends = "linux-image-cloud-amd64\n  Depends: linux-image-6.1.0-50-cloud-amd64\n";
        assert_eq!(depended(depends), Some("linux-image-6.1.0-50-cloud-amd64"));
        assert_eq!(depended("linux-image-cloud-amd64\n"), None);
    }
}
