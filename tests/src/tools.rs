//! Finding the programs a laboratory runs.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// The nginx that `cargo xtask setup` has unpacked, whatever else the machine has installed.
pub fn nginx() -> Result<PathBuf> {
    let path = target_directory().join("tools/nginx/usr/sbin/nginx");
    if !path.exists() {
        bail!("there is no nginx at {}: run `cargo xtask setup`", path.display());
    }
    Ok(path)
}

/// The daemon under test, as built beside the running program.
pub fn xdp_lb() -> Result<PathBuf> {
    let path = target_directory().join("debug/xdp-lb");
    if !path.exists() {
        bail!("there is no {}: run `cargo xtask build`", path.display());
    }
    Ok(path)
}

/// Cargo's target directory: the one the running program was built in, since a relative `CARGO_TARGET_DIR` means
/// another directory in every crate's tests.
pub fn target_directory() -> PathBuf {
    let running = env::current_exe().unwrap_or_default();
    let marked = running.ancestors().find(|directory| directory.join("CACHEDIR.TAG").exists());
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    marked
        .map(Path::to_path_buf)
        .or_else(|| env::var_os("CARGO_TARGET_DIR").map(PathBuf::from))
        .unwrap_or_else(default)
}
