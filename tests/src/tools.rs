//! Finding the programs a laboratory runs.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// The nginx that `cargo xtask setup` has unpacked, whatever else the machine has installed.
pub fn nginx() -> Result<PathBuf> {
    // Tools belong to the workspace, wherever cargo's output goes.
    let package =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    let workspace = package.parent().context("this package is outside its workspace")?;
    let path = workspace.join("target/tools/nginx/usr/sbin/nginx");
    if !path.exists() {
        bail!("there is no nginx at {}: run `cargo xtask setup`", path.display());
    }
    Ok(path)
}

/// The daemon under test, as built beside the running program.
pub fn xdp_lb() -> Result<PathBuf> {
    let path = profile_directory()?.join("xdp-lb");
    if !path.exists() {
        bail!("there is no {}: run `cargo xtask build`", path.display());
    }
    Ok(path)
}

/// Cargo's target directory: the one the running program was built in, since a relative `CARGO_TARGET_DIR` would mean
/// another directory in every package's tests.
pub fn target_directory() -> Result<PathBuf> {
    let parent = profile_directory()?.parent().map(Path::to_path_buf);
    parent.context("the program runs in the root directory")
}

/// `TARGET/debug`, where programs are, while tests run in `TARGET/debug/deps` and examples in `TARGET/debug/examples`.
fn profile_directory() -> Result<PathBuf> {
    let running = env::current_exe().context("the program does not know where it is")?;
    let below = |directory: &&Path| directory.ends_with("deps") || directory.ends_with("examples");
    let mut directories = running.ancestors().skip(1).skip_while(below);
    directories.next().map(Path::to_path_buf).context("the program runs in the root directory")
}
