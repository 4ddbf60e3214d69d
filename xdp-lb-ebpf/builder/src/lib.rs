//! Finds a toolchain that can compile for BPF and compiles xdp-lb-ebpf with it.
//!
//! rustup ships no standard library for BPF targets, so `core` is compiled from source: that needs a compiler with
//! the library's source, and `bpf-linker`, whose LLVM must be able to read what the compiler's LLVM writes. Nothing
//! is installed here; that is what `cargo xtask setup` is for. Used by the daemon's build script and by xtask.

mod compile;
mod compiler;
mod error;
mod linker;
mod toolchain;

pub use compile::{Object, build};
pub use compiler::Compiler;
pub use error::Error;
pub use linker::Linker;
pub use toolchain::Toolchain;

/// The target that the XDP programs are compiled for. All hosts this runs on are little-endian.
pub const TARGET: &str = "bpfel-unknown-none";

/// Where setup puts the tools that are for this workspace alone, relative to its root.
pub const TOOLS: &str = "target/tools";
