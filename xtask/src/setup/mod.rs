//! `cargo xtask setup`: finds or installs everything, and says in one line what it chose for each thing.

mod apt;
mod compiler;
mod kernels;
mod linker;
mod nginx;
mod programs;
mod sources;
mod stamp;
mod unpack;

use anyhow::Context;
use xdp_lb_ebpf_builder::Toolchain;

use crate::{
    say,
    setup::apt::Apt,
    workspace::{Workspace, is_root},
};

pub(crate) use compiler::components;
pub(crate) use kernels::{Kernel, ensure as kernels};

/// What every verb but `setup` begins with: nothing, as long as what the last setup found is still there.
pub(crate) fn ensure(workspace: &Workspace) -> anyhow::Result<Toolchain> {
    match stamp::read(workspace) {
        Some(toolchain) => Ok(toolchain),
        None => run(workspace),
    }
}

/// Looks at everything, installs what is missing, and notes what was chosen.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<Toolchain> {
    let apt = Apt::new();
    let toolchain = install(workspace, &apt)?;
    say::line(&format!("setup: {} compiles for BPF", toolchain.compiler.name()));
    say::line(&format!("setup: {} links for BPF", toolchain.linker.path.display()));
    say::line(&format!("setup: {}", programs::describe()));
    nginx::ensure(workspace, &apt)?;
    if let Err(error) = components(workspace) {
        // Building and the demonstration go without; the lints themselves will insist.
        say::line(&format!("setup: {error:#}"));
    }
    stamp::write(workspace, &toolchain)?;
    Ok(toolchain)
}

/// Installs what is missing: packages in one go, then what is compiled by their help.
fn install(workspace: &Workspace, apt: &Apt) -> anyhow::Result<Toolchain> {
    let mut packages = programs::missing_packages();
    let found = Toolchain::find(&workspace.root);
    if found.is_err() {
        packages.extend(linker::missing_packages());
        if !compiler::is_there() && !compiler::by_any_means(workspace, apt)? {
            packages.extend(compiler::PACKAGES);
        }
    }
    apt.install("packages for building and for the tests' networks", &packages)?;
    // A linker that was there before may serve the compiler that was just installed.
    if let Ok(toolchain) = found.or_else(|_| Toolchain::find(&workspace.root)) {
        return Ok(toolchain);
    }
    linker::install(workspace)?;
    Toolchain::find(&workspace.root)
        .context("a compiler and a linker were installed, but do not work together")
}

/// What an ordinary user has to ask for.
fn as_root(command: &str) -> String {
    if is_root() { format!("`{command}`") } else { format!("`sudo {command}`") }
}
