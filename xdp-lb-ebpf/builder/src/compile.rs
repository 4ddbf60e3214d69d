//! The nested cargo that compiles the XDP programs.

use std::{
    env,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{Error, TARGET, Toolchain};

/// Package and binary.
const PACKAGE: &str = "xdp-lb-ebpf";

/// What stands between the flags in `CARGO_ENCODED_RUSTFLAGS`.
const SEPARATOR: &str = "\x1f";

/// Variables of the outer cargo, of clippy or for a build script, that would steer the nested cargo, or make it compile
/// everything again because they differ from those of the last time.
const FOREIGN: [&str; 13] = [
    "CARGO_TARGET_DIR",
    "CLIPPY_ARGS",
    "DEBUG",
    "HOST",
    "NUM_JOBS",
    "OPT_LEVEL",
    "OUT_DIR",
    "PROFILE",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
    "TARGET",
];

/// What the names of more such variables begin with.
const FOREIGN_PREFIXES: [&str; 6] =
    ["CARGO_BUILD_", "CARGO_CFG_", "CARGO_FEATURE_", "CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_PROFILE_"];

/// The compiled XDP programs.
#[derive(Clone, Debug)]
pub struct Object {
    /// The ELF file.
    pub path: PathBuf,
    /// The compiler's warnings, a line each with its place.
    pub warnings: Vec<String>,
}

/// Compiles xdp-lb-ebpf of the workspace in release mode; quick when nothing changed.
///
/// The target folder is the workspace's `target/ebpf`, shared by every profile and tool: `core` is compiled once, and
/// the nested cargo does not wait for the lock that the outer one holds on its own.
///
/// # Errors
///
/// When the compilation fails. Its messages go to standard error as they come.
pub fn build(workspace: &Path, toolchain: &Toolchain) -> Result<Object, Error> {
    let target_dir = workspace.join("target/ebpf");
    let mut command = Command::new(&toolchain.compiler.cargo);
    for (variable, _) in env::vars_os() {
        if variable.to_str().is_some_and(is_foreign) {
            command.env_remove(variable);
        }
    }
    command
        .current_dir(workspace)
        .env("RUSTC", &toolchain.compiler.rustc)
        // `-Z build-std` on a stable compiler.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_ENCODED_RUSTFLAGS", flags(toolchain))
        .args(["build", "--release", "--locked", "-Zbuild-std=core", "--package", PACKAGE, "--bin", PACKAGE])
        .args(["--target", TARGET])
        .arg("--target-dir")
        .arg(&target_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let cargo = toolchain.compiler.cargo.display();
    let mut child = command.spawn().map_err(Error::io(format!("run {cargo}")))?;
    let messages = child.stderr.take().map(|stderr| pass_on(BufReader::new(stderr))).unwrap_or_default();
    let status = child.wait().map_err(Error::io(format!("wait for {cargo}")))?;
    if !status.success() {
        return Err(Error::Compile { command: shown(&command), status });
    }
    let path = target_dir.join(TARGET).join("release").join(PACKAGE);
    if path.is_file() {
        Ok(Object { path, warnings: warnings(&messages) })
    } else {
        Err(Error::NoObject { path })
    }
}

fn is_foreign(variable: &str) -> bool {
    FOREIGN.contains(&variable) || FOREIGN_PREFIXES.iter().any(|prefix| variable.starts_with(prefix))
}

/// The flags of aya's own build, and the linker by its path.
fn flags(toolchain: &Toolchain) -> String {
    [
        // The programs read the registers of the machine they run on: this one.
        format!("--cfg=bpf_target_arch=\"{}\"", env::consts::ARCH),
        "-Cdebuginfo=2".to_owned(),
        "-Clink-arg=--btf".to_owned(),
        format!("-Clinker={}", toolchain.linker.path.display()),
    ]
    .join(SEPARATOR)
}

/// The command without its environment, which would fill the screen.
fn shown(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Copies the messages to standard error line by line, and keeps them.
#[expect(clippy::print_stderr, reason = "a build script's standard error is what cargo shows when it fails")]
fn pass_on(messages: impl BufRead) -> Vec<String> {
    messages.lines().map_while(Result::ok).inspect(|line| eprintln!("{line}")).collect()
}

/// One line for each warning: what, and where.
fn warnings(messages: &[String]) -> Vec<String> {
    let mut warnings: Vec<String> = Vec::new();
    let mut open = false;
    for line in messages {
        if let Some(text) = line.strip_prefix("warning: ") {
            // Cargo's own summary: `xdp-lb-ebpf` (bin "xdp-lb-ebpf") generated 1 warning
            open = !text.contains(" generated ");
            if open {
                warnings.push(text.to_owned());
            }
        } else if let (Some(place), Some(last), true) =
            (line.trim_start().strip_prefix("--> "), warnings.last_mut(), open)
        {
            last.push_str(" at ");
            last.push_str(place);
            open = false;
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_becomes_a_line_with_its_place() {
        let messages = "   Compiling xdp-lb-ebpf v0.1.0\nwarning: unused variable: `x`\n  --> xdp-lb-ebpf/src/nat.rs:3:9\n   |\n\
                        warning: `xdp-lb-ebpf` (bin \"xdp-lb-ebpf\") generated 1 warning\n";
        let messages: Vec<_> = messages.lines().map(str::to_owned).collect();
        assert_eq!(warnings(&messages), ["unused variable: `x` at xdp-lb-ebpf/src/nat.rs:3:9"]);
    }
}
