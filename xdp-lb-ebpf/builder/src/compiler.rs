//! Rust compilers that may be able to compile `core`.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A Rust compiler with the standard library's source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiler {
    /// The `rustc` itself, not rustup's proxy.
    pub rustc: PathBuf,
    /// The `cargo` to go with it: its own, or the one that is running.
    pub cargo: PathBuf,
    /// As in `rustc 1.96.0`.
    pub release: String,
    /// Major version of its LLVM.
    pub llvm: u32,
}

impl Compiler {
    /// How it is called in messages.
    #[must_use]
    pub fn name(&self) -> String {
        format!("rustc {} (LLVM {}, {})", self.release, self.llvm, self.rustc.display())
    }

    /// Asks `rustc` what it is; the error is a line for the list of rejected ones.
    fn inspect(rustc: &Path) -> Result<Self, String> {
        let reject = |why: &str| format!("{}: {why}", rustc.display());
        let sysroot = rustc.parent().and_then(Path::parent).ok_or_else(|| reject("has no sysroot"))?;
        let library = sysroot.join("lib/rustlib/src/rust/library");
        // The lock file too: `-Z build-std` resolves the library by it, and an interrupted rustup may leave it out.
        if !library.join("core/src/lib.rs").is_file() || !library.join("Cargo.lock").is_file() {
            return Err(reject("the standard library's source (rust-src) is not installed"));
        }
        let output = Command::new(rustc)
            .arg("-vV")
            .output()
            .map_err(|error| reject(&format!("does not run: {error}")))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let version =
            Version::parse(&text).ok_or_else(|| reject("`rustc -vV` names no release and no LLVM"))?;
        if version.minor < minimum() {
            return Err(reject(&format!("{} is older than 1.{}", version.release, minimum())));
        }
        let own = rustc.with_file_name("cargo");
        let cargo = if own.is_file() { own } else { running_cargo() };
        Ok(Self { rustc: rustc.to_owned(), cargo, release: version.release, llvm: version.llvm })
    }
}

/// Every compiler that has the library's source, best first, and a line for each that will not do.
pub(crate) fn candidates() -> (Vec<Compiler>, Vec<String>) {
    let mut found = Vec::new();
    let mut rejected = Vec::new();
    for rustc in places() {
        match Compiler::inspect(&rustc) {
            Ok(compiler) => found.push(compiler),
            Err(line) => rejected.push(line),
        }
    }
    (found, rejected)
}

/// Where compilers are: beside the running cargo, in rustup's other toolchains, and the distribution's.
fn places() -> Vec<PathBuf> {
    let mut places = vec![running_cargo().with_file_name("rustc")];
    if let Some(toolchains) = rustup_home().map(|home| home.join("toolchains"))
        && let Ok(entries) = fs::read_dir(toolchains)
    {
        let mut others: Vec<_> =
            entries.flatten().map(|entry| entry.path().canonicalize().unwrap_or(entry.path())).collect();
        others.sort();
        // Stable compilers sort after nightly ones, and are the better choice.
        places.extend(others.into_iter().rev().map(|toolchain| toolchain.join("bin/rustc")));
    }
    places.push(PathBuf::from("/usr/bin/rustc"));
    let mut unique = Vec::new();
    for place in places {
        if place.is_file() && !unique.contains(&place) {
            unique.push(place);
        }
    }
    unique
}

fn running_cargo() -> PathBuf {
    // Cargo tells whatever it runs where it is; the bare name is for a builder that is run by hand.
    env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")).into()
}

fn rustup_home() -> Option<PathBuf> {
    match env::var_os("RUSTUP_HOME") {
        Some(home) => Some(home.into()),
        None => env::home_dir().map(|home| home.join(".rustup")),
    }
}

/// Minor version of the oldest compiler the workspace takes.
fn minimum() -> u32 {
    minor(env!("CARGO_PKG_RUST_VERSION")).unwrap_or_default()
}

fn minor(release: &str) -> Option<u32> {
    release.strip_prefix("1.")?.split(['.', '-']).next()?.parse().ok()
}

/// What `rustc -vV` says.
#[derive(Debug, PartialEq, Eq)]
struct Version {
    release: String,
    minor: u32,
    llvm: u32,
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let field = |name| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let release = field("release:")?;
        let llvm = field("LLVM version:")?.split('.').next()?.parse().ok()?;
        Some(Self { release: release.to_owned(), minor: minor(release)?, llvm })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_rustc_vv() {
        let text = "rustc 1.97.0-nightly (0123 2026-05-01)\nhost: x\nrelease: 1.97.0-nightly\nLLVM version: 22.1.4\n";
        let version = Version { release: "1.97.0-nightly".to_owned(), minor: 97, llvm: 22 };
        assert_eq!(Version::parse(text), Some(version));
        assert_eq!(Version::parse("rustc 1.97.0\nrelease: 1.97.0\n"), None, "no LLVM");
    }

    #[test]
    fn the_oldest_compiler_is_the_workspaces() {
        assert!(minimum() >= 95);
    }
}
