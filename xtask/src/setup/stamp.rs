//! What the last complete setup found, so that the next one costs a few looks at the file system.

use std::{
    fs,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use anyhow::Context;
use xdp_lb_ebpf_builder::{Compiler, Linker, Toolchain};

use crate::{
    setup::{linker, nginx, programs},
    workspace::Workspace,
};

/// Changed by hand when setup has to be run again everywhere for another reason than the linker's version.
const REVISION: u32 = 1;

fn path(workspace: &Workspace) -> PathBuf {
    workspace.tools().join("setup.stamp")
}

/// Notes what was chosen.
pub(super) fn write(workspace: &Workspace, toolchain: &Toolchain) -> anyhow::Result<()> {
    let path = path(workspace);
    fs::create_dir_all(workspace.tools()).context("cannot create target/tools")?;
    fs::write(&path, text(toolchain)).with_context(|| format!("cannot write {}", path.display()))
}

/// What was chosen; `None`: something is not as it was.
pub(super) fn read(workspace: &Workspace) -> Option<Toolchain> {
    let noted = fs::read_to_string(path(workspace)).ok()?;
    let toolchain = parse(&noted)?;
    let unchanged = text(&toolchain) == noted
        && toolchain.compiler.cargo.is_file()
        && programs::missing_packages().is_empty()
        && nginx::executable(workspace).is_file();
    unchanged.then_some(toolchain)
}

/// One item a line: versions, then files with what tells whether they were replaced.
fn text(toolchain: &Toolchain) -> String {
    let Toolchain { compiler, linker } = toolchain;
    let source = compiler.rustc.with_file_name("../lib/rustlib/src/rust/library/core/src/lib.rs");
    format!(
        "{REVISION} {} {}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n",
        linker::VERSION,
        linker::LLVM,
        compiler.release,
        compiler.llvm,
        compiler.cargo.display(),
        compiler.rustc.display(),
        identity(&compiler.rustc),
        linker.path.display(),
        identity(&linker.path),
        identity(&source),
    )
}

fn parse(text: &str) -> Option<Toolchain> {
    let mut lines = text.lines().skip(1);
    let release = lines.next()?.to_owned();
    let llvm = lines.next()?.parse().ok()?;
    let cargo = lines.next()?.into();
    let rustc = lines.next()?.into();
    let path = lines.nth(1)?.into();
    Some(Toolchain { compiler: Compiler { rustc, cargo, release, llvm }, linker: Linker { path } })
}

/// Size and time of a file, or that there is none.
fn identity(path: &Path) -> String {
    let Ok(data) = fs::metadata(path) else { return "missing".to_owned() };
    let time = data.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    format!("{} {}", data.len(), time.as_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let toolchain = Toolchain {
            compiler: Compiler {
                rustc: "/opt/rust/bin/rustc".into(),
                cargo: "/opt/rust/bin/cargo".into(),
                release: "1.96.0".to_owned(),
                llvm: 22,
            },
            linker: Linker { path: "/opt/bin/bpf-linker".into() },
        };
        assert_eq!(parse(&text(&toolchain)), Some(toolchain));
    }
}
