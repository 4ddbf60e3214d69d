//! Where things are in this workspace.

use std::{
    env,
    ffi::OsString,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;
use xdp_lb_ebpf_builder::TOOLS;

/// The workspace that xtask belongs to.
pub(crate) struct Workspace {
    /// Its root.
    pub(crate) root: PathBuf,
}

impl Workspace {
    /// From what cargo says at run time, so that a workspace may be moved.
    pub(crate) fn locate() -> anyhow::Result<Self> {
        let package = env::var_os("CARGO_MANIFEST_DIR")
            .context("CARGO_MANIFEST_DIR is not set: run this as `cargo xtask`, not by its path")?;
        let root = Path::new(&package).parent().context("xtask is not inside a workspace")?.to_owned();
        Ok(Self { root })
    }

    /// Tools for this workspace alone; independent of where cargo's own output goes.
    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join(TOOLS)
    }

    /// Where cargo's output goes.
    pub(crate) fn target(&self) -> PathBuf {
        match env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => self.root.join(folder),
            None => self.root.join("target"),
        }
    }

    /// The running cargo, in the workspace's root.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
        command.current_dir(&self.root);
        command
    }
}

/// Whether this process may do everything. /proc/self belongs to the effective user.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// The program's path, also where the PATH of an ordinary user leaves out the folders of system programs.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|place| place.is_file())
}
