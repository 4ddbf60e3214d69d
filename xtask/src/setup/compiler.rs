//! A compiler with the standard library's source, and rustup's components for the lints.

use std::{process::Command, time::Duration};

use anyhow::Context;
use xdp_lb_ebpf_builder::Toolchain;

use crate::{
    command, say,
    setup::{apt::Apt, linker},
    workspace::{Workspace, find_program, is_root},
};

/// The distribution's compiler and its library's source, of one version. Debian keeps these two new for browsers; the
/// plain `rustc` is older than the workspace takes.
pub(super) const PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];

/// Time limit of a download by rustup, which hangs where its server cannot be reached.
const RUSTUP_LIMIT: Duration = Duration::from_mins(2);

/// Whether there is a compiler whose output the linker that setup installs can read.
pub(super) fn is_there() -> bool {
    Toolchain::compilers().iter().any(|compiler| compiler.llvm <= linker::LLVM)
}

/// Installs one: the distribution's packages, or rustup's rust-src, whichever answers.
///
/// `false`: an ordinary user needs the packages and may not install them.
pub(super) fn by_any_means(workspace: &Workspace, apt: &Apt) -> anyhow::Result<bool> {
    let why = if is_root() {
        match apt.install("a Rust compiler with its library's source", &PACKAGES) {
            Ok(()) => return Ok(true),
            Err(error) => error,
        }
    } else {
        anyhow::anyhow!("setup: only root installs the distribution's packages")
    };
    say::line(&format!("{why:#}\nsetup: trying rustup instead"));
    let title = "setup: fetching the library's source by rustup";
    match command::step(title, RUSTUP_LIMIT, rustup(workspace).args(["component", "add", "rust-src"])) {
        Ok(()) => Ok(true),
        Err(_) if !is_root() && Apt::is_there() => Ok(false),
        Err(error) => Err(error.context(format!(
            "no compiler for BPF: install the packages {} of the distribution, or the component rust-src by rustup",
            PACKAGES.join(" and ")
        ))),
    }
}

/// Makes sure of rustfmt and clippy, which rustup's minimal profile leaves out.
pub(crate) fn components(workspace: &Workspace) -> anyhow::Result<()> {
    let missing: Vec<_> = [("fmt", "rustfmt"), ("clippy", "clippy")]
        .into_iter()
        .filter(|(verb, _)| command::output(workspace.cargo().args([verb, "--version"])).is_err())
        .map(|(_, component)| component)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let title = format!("setup: fetching {} by rustup", missing.join(" and "));
    command::step(&title, RUSTUP_LIMIT, rustup(workspace).args(["component", "add"]).args(&missing))
        .with_context(|| format!("`lint` and `test` need {}", missing.join(" and ")))
}

fn rustup(workspace: &Workspace) -> Command {
    let mut command = Command::new(find_program("rustup").unwrap_or_else(|| "rustup".into()));
    command.current_dir(&workspace.root);
    command
}
