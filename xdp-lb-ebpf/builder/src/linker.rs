//! `bpf-linker`, and whether it serves a compiler.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command},
};

use crate::{Compiler, Error, TARGET, TOOLS};

/// A crate that needs no `core`, so that a linker is tried in a tenth of a second.
const TRIAL: &str = "#![feature(no_core)]\n#![no_core]\n#![no_main]\n";

/// A `bpf-linker` that has been tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linker {
    /// The executable.
    pub path: PathBuf,
}

/// Where linkers are: the workspace's own first, then those on the PATH.
pub(crate) fn candidates(workspace: &Path) -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<_> = [workspace.join(TOOLS).join("bin")]
        .into_iter()
        .chain(env::split_paths(&path))
        .map(|folder| folder.join("bpf-linker"))
        .filter(|place| place.is_file())
        .collect();
    places.dedup();
    places
}

impl Linker {
    /// Links a trial object of `compiler` by the linker at `path`; the error is a line for the list of rejected ones.
    pub(crate) fn inspect(path: &Path, compiler: &Compiler) -> Result<Result<Self, String>, Error> {
        let reject = |why: &str| Ok(Err(format!("{}: {why}", path.display())));
        let binary = match fs::read(path) {
            Ok(binary) => binary,
            Err(error) => return reject(&format!("cannot be read: {error}")),
        };
        // A linker reads what its own LLVM and older ones write; newer bitcode fails on some program, sooner or later.
        if let Some(llvm) = llvm_of(&binary)
            && llvm < compiler.llvm
        {
            return reject(&format!("has LLVM {llvm}, the compiler LLVM {}", compiler.llvm));
        }
        let folder = env::temp_dir().join(format!("xdp-lb-trial-{}", process::id()));
        fs::create_dir_all(&folder).map_err(Error::io(format!("create {}", folder.display())))?;
        let output = try_link(path, compiler, &folder);
        // Left behind in the temporary folder at worst.
        let _ = fs::remove_dir_all(&folder);
        let output = output?;
        if output.status.success() {
            return Ok(Ok(Self { path: path.to_owned() }));
        }
        let messages = String::from_utf8_lossy(&output.stderr);
        let first = messages.lines().find(|line| line.contains("error")).unwrap_or("no message");
        reject(&format!("links no trial object: {first}"))
    }
}

fn try_link(path: &Path, compiler: &Compiler, folder: &Path) -> Result<process::Output, Error> {
    let source = folder.join("trial.rs");
    fs::write(&source, TRIAL).map_err(Error::io(format!("write {}", source.display())))?;
    Command::new(&compiler.rustc)
        .env("RUSTC_BOOTSTRAP", "1")
        .args(["--edition=2024", "--crate-type=bin", "-Cpanic=abort", "-Clink-arg=--btf", "--target", TARGET])
        .arg(format!("-Clinker={}", path.display()))
        .arg("-o")
        .arg(folder.join("trial.o"))
        .arg(&source)
        .output()
        .map_err(Error::io(format!("run {}", compiler.rustc.display())))
}

/// Major version of the LLVM in an executable: of the library it asks for, or of what it would write into bitcode.
fn llvm_of(binary: &[u8]) -> Option<u32> {
    binary.split(|byte| *byte == 0).find_map(|text| {
        let rest = [b"libLLVM.so.".as_slice(), b"libLLVM-", b"LLVM"]
            .iter()
            .find_map(|name| text.strip_prefix(*name))?;
        let end = rest.iter().position(|byte| !byte.is_ascii_digit())?;
        str::from_utf8(rest.get(..end)?).ok()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_llvm_of_a_linker_is_read_from_its_executable() {
        assert_eq!(llvm_of(b"\x7fELF\0LLVMRust\0libLLVM.so.22.1\0libc.so.6\0"), Some(22));
        assert_eq!(llvm_of(b"\0libLLVM-19.so\0"), Some(19));
        assert_eq!(llvm_of(b"\0LLVMContext\0LLVM21.1.3-rust\0"), Some(21), "linked statically");
        assert_eq!(llvm_of(b"#!/bin/sh\n"), None);
    }
}
