//! `cargo xtask build`.

use anyhow::Context;
use xdp_lb_ebpf_builder::Toolchain;

use crate::{command, say, workspace::Workspace};

/// How the daemon is compiled; the XDP programs are always optimised.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Debug,
    Release,
}

/// Compiles the XDP programs, then the daemon, and says where it is.
pub(crate) fn run(workspace: &Workspace, toolchain: &Toolchain, profile: Profile) -> anyhow::Result<()> {
    // The daemon's build script would do it too, but cargo shows a build script's output only when it fails.
    xdp_lb_ebpf_builder::build(&workspace.root, toolchain).context("cannot build the XDP programs")?;
    let (arguments, folder): (&[_], _) = match profile {
        Profile::Debug => (&["build", "--package", "xdp-lb"], "debug"),
        Profile::Release => (&["build", "--package", "xdp-lb", "--release"], "release"),
    };
    command::pass_through(workspace.cargo().args(arguments))?;
    say::line(&format!("built {}", workspace.target().join(folder).join("xdp-lb").display()));
    Ok(())
}
