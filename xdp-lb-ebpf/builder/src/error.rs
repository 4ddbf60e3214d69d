//! What can be in the way of an object.

use std::{error, fmt, io, path::PathBuf, process::ExitStatus};

/// Why there is no toolchain, or no object.
#[derive(Debug)]
pub enum Error {
    /// No compiler has the standard library's source beside it.
    NoCompiler {
        /// What was looked at, and why it will not do.
        rejected: Vec<String>,
    },
    /// No `bpf-linker` reads what the compiler writes.
    NoLinker {
        /// The compiler to be served.
        compiler: String,
        /// What was looked at, and why it will not do.
        rejected: Vec<String>,
    },
    /// A command could not be started or a file not be written.
    Io {
        /// What was being done.
        doing: String,
        /// What the system says.
        source: io::Error,
    },
    /// The compilation failed; its messages went to standard error.
    Compile {
        /// The command, without its environment.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// The compilation succeeded and left nothing behind.
    NoObject {
        /// Where the object should be.
        path: PathBuf,
    },
}

impl Error {
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCompiler { rejected } => {
                write!(f, "no Rust compiler can compile `core` for {}", crate::TARGET)?;
                list(f, rejected)?;
                write!(f, "\nrun `cargo xtask setup`: it finds or installs one")
            }
            Self::NoLinker { compiler, rejected } => {
                write!(f, "no bpf-linker can link what {compiler} compiles")?;
                list(f, rejected)?;
                write!(f, "\nrun `cargo xtask setup`: it finds or installs one")
            }
            Self::Io { doing, .. } => write!(f, "cannot {doing}"),
            Self::Compile { command, status } => {
                write!(
                    f,
                    "xdp-lb-ebpf does not compile for BPF ({status}); its messages are above\n  ran: {command}"
                )
            }
            Self::NoObject { path } => {
                write!(f, "xdp-lb-ebpf was compiled, but {} is not there", path.display())
            }
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, rejected: &[String]) -> fmt::Result {
    if rejected.is_empty() {
        return write!(f, ": there is none");
    }
    write!(f, ":")?;
    rejected.iter().try_for_each(|line| write!(f, "\n  {line}"))
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::NoCompiler { .. }
            | Self::NoLinker { .. }
            | Self::Compile { .. }
            | Self::NoObject { .. } => None,
        }
    }
}
