//! A compiler and a linker that fit each other.

use std::path::Path;

use crate::{Compiler, Error, Linker, compiler, linker};

/// What compiles for BPF on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolchain {
    /// The compiler.
    pub compiler: Compiler,
    /// The linker.
    pub linker: Linker,
}

impl Toolchain {
    /// The first compiler that some linker serves.
    ///
    /// # Errors
    ///
    /// [`Error::NoCompiler`] or [`Error::NoLinker`] says what was looked at.
    pub fn find(workspace: &Path) -> Result<Self, Error> {
        let (compilers, rejected) = compiler::candidates();
        let Some(first) = compilers.first() else { return Err(Error::NoCompiler { rejected }) };
        let mut rejected = Vec::new();
        for compiler in &compilers {
            for path in linker::candidates(workspace) {
                match Linker::inspect(&path, compiler)? {
                    Ok(linker) => return Ok(Self { compiler: compiler.clone(), linker }),
                    Err(line) => rejected.push(line),
                }
            }
        }
        Err(Error::NoLinker { compiler: first.name(), rejected })
    }

    /// The compilers that have the library's source, best first.
    #[must_use]
    pub fn compilers() -> Vec<Compiler> {
        compiler::candidates().0
    }
}
