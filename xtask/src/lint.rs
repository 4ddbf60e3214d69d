//! `cargo xtask lint`: formatting, clippy, and that files stay short.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use xdp_lb_ebpf_builder::Toolchain;

use crate::{command, setup, workspace::Workspace};

/// A longer file holds more than one subject.
const MAX_LINES: usize = 400;

/// Runs all lints; the first that fails is the error.
pub(crate) fn run(workspace: &Workspace, toolchain: &Toolchain) -> anyhow::Result<()> {
    setup::components(workspace)?;
    command::pass_through(workspace.cargo().args(["fmt", "--all", "--check"]))
        .context("formatting differs: run `cargo fmt --all`")?;
    command::pass_through(workspace.cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "--deny=warnings",
    ]))?;
    // Clippy sees the XDP programs as they are for the host; only this sees what is for BPF alone.
    let object =
        xdp_lb_ebpf_builder::build(&workspace.root, toolchain).context("cannot build the XDP programs")?;
    if !object.warnings.is_empty() {
        bail!("warnings in the XDP programs:\n  {}", object.warnings.join("\n  "));
    }
    short_files(&workspace.root)
}

fn short_files(root: &Path) -> anyhow::Result<()> {
    let mut sources = Vec::new();
    collect(root, &mut sources)?;
    let mut long = Vec::new();
    for source in sources {
        let text =
            fs::read_to_string(&source).with_context(|| format!("cannot read {}", source.display()))?;
        let lines = text.lines().count();
        if lines > MAX_LINES {
            long.push(format!("\n  {}: {lines}", source.strip_prefix(root).unwrap_or(&source).display()));
        }
    }
    if !long.is_empty() {
        bail!("files of more than {MAX_LINES} lines; split them by subject:{}", long.concat());
    }
    Ok(())
}

/// The workspace's Rust sources, without hidden folders and cargo's output.
fn collect(folder: &Path, sources: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
        let path = entry.path();
        let name = entry.file_name();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if name != "target" && !name.as_encoded_bytes().starts_with(b".") {
                collect(&path, sources)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(path);
        }
    }
    Ok(())
}
