//! `bpf-linker`, compiled into the workspace's own tools.

use std::{path::PathBuf, time::Duration};

use anyhow::Context;

use crate::{command, workspace::Workspace};

/// The version that is installed.
pub(super) const VERSION: &str = "0.13.0";

/// The LLVM it is built with, no older than those of the compilers it serves.
pub(super) const LLVM: u32 = 22;

/// It takes two minutes on two cores.
const LIMIT: Duration = Duration::from_mins(20);

/// What it is compiled against.
pub(super) fn missing_packages() -> Vec<&'static str> {
    if prefix().join("bin/llvm-config").is_file() { Vec::new() } else { vec!["llvm-22-dev"] }
}

/// Compiles and installs it.
pub(super) fn install(workspace: &Workspace) -> anyhow::Result<()> {
    let mut cargo = workspace.cargo();
    // What the user set for the workspace is not for a tool.
    for variable in ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"] {
        cargo.env_remove(variable);
    }
    cargo
        .env("LLVM_PREFIX", prefix())
        .args(["install", "bpf-linker", "--version", VERSION, "--locked", "--force", "--no-default-features"])
        .args(["--features", &format!("llvm-{LLVM}")])
        .arg("--root")
        .arg(workspace.tools());
    let title = format!("setup: compiling bpf-linker {VERSION}, about two minutes");
    command::step(&title, LIMIT, &mut cargo).context("no linker for BPF")
}

fn prefix() -> PathBuf {
    PathBuf::from(format!("/usr/lib/llvm-{LLVM}"))
}
