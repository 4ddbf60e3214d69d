//! Compiles the XDP programs and leaves them in `OUT_DIR/xdp-lb-ebpf` for the daemon to embed.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use xdp_lb_ebpf_builder::{Toolchain, build};

/// All that the object is made from, relative to the workspace.
const INPUTS: [&str; 6] = [
    "Cargo.toml",
    "Cargo.lock",
    "xdp-lb-ebpf/Cargo.toml",
    "xdp-lb-ebpf/src",
    "xdp-lb-common/Cargo.toml",
    "xdp-lb-common/src",
];

#[expect(clippy::print_stderr, reason = "a build script's standard error is what cargo shows when it fails")]
fn main() -> ExitCode {
    match embed() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn embed() -> Result<(), Box<dyn Error>> {
    let package =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo did not say where the package is")?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo did not say where output goes")?);
    let workspace = package.parent().ok_or("the package is not inside a workspace")?;
    let depend = |path: &Path| println!("cargo::rerun-if-changed={}", path.display());
    for input in INPUTS {
        depend(&workspace.join(input));
    }
    let toolchain = Toolchain::find(workspace)?;
    depend(&toolchain.compiler.rustc);
    depend(&toolchain.linker.path);
    let object = build(workspace, &toolchain)?;
    for warning in object.warnings {
        println!("cargo::warning=xdp-lb-ebpf: {warning}");
    }
    let destination = out.join("xdp-lb-ebpf");
    fs::copy(&object.path, &destination).map_err(|error| {
        format!("cannot copy {} to {}: {error}", object.path.display(), destination.display())
    })?;
    Ok(())
}
