//! What can go wrong with the kernel side, in an operator's words.

use std::{io, path::PathBuf};

use aya::{
    EbpfError,
    maps::MapError,
    pin::PinError,
    programs::{ProgramError, links::LinkError},
};

/// An error of the kernel side.
#[derive(Debug, thiserror::Error)]
pub enum DataplaneError {
    /// The embedded object lacks something: the build is broken.
    #[error("the embedded program has no {what}; this binary is broken, rebuild it")]
    Object {
        /// What is missing.
        what: &'static str,
    },
    /// The object was not accepted.
    #[error("cannot create the maps")]
    Load(#[source] Box<EbpfError>),
    /// The verifier or the kernel refused the program.
    #[error("the kernel refused the program")]
    Program(#[source] Box<ProgramError>),
    /// A map operation failed.
    #[error("map {map}")]
    Map {
        /// The map's name.
        map: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A map could not be mapped into memory.
    #[error("cannot map a BPF array of {bytes} bytes into memory")]
    Memory {
        /// Length asked for.
        bytes: usize,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file of bpffs could not be made, read or removed.
    #[error("cannot {what} {}", path.display())]
    Pin {
        /// What was tried.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// bpffs is not mounted and could not be.
    #[error("cannot mount bpffs on {}; mount it with `mount -t bpf bpf {}`", path.display(), path.display())]
    Mount {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The pin folder is on another file system, with something in it.
    #[error(
        "{} is not on bpffs and not empty, so that bpffs cannot be mounted there; choose a `pin` below /sys/fs/bpf or an empty folder",
        path.display()
    )]
    NotBpffs {
        /// Where.
        path: PathBuf,
    },
    /// bpffs takes no names with dots.
    #[error("`pin` {} has a dot in a name on bpffs, which reserves them; choose one without", path.display())]
    Dot {
        /// The pin folder.
        path: PathBuf,
    },
    /// The pins are of a daemon in another network namespace, whose links are attached.
    #[error(
        "{} is pinned by a daemon of another network namespace, whose program is still attached there; give each its own `pin` in [datapath], or take the other's away with `xdp-lb detach --pin {}`",
        path.display(), path.display()
    )]
    OtherNamespace {
        /// The pin folder.
        path: PathBuf,
    },
    /// Another daemon uses the same pins.
    #[error("another xdp-lb daemon uses {}; give each its own `pin` in [datapath], or stop the other", path.display())]
    Locked {
        /// The pin folder.
        path: PathBuf,
    },
    /// The interface has somebody else's program.
    #[error(
        "{interface} already has the XDP program {program}, which is not ours; {remedy}; or take {interface} out of `interfaces`"
    )]
    Foreign {
        /// The interface.
        interface: String,
        /// Name and id of the program.
        program: String,
        /// How it is taken off.
        remedy: String,
    },
    /// The interface does not exist now.
    #[error("there is no interface {interface}")]
    NoInterface {
        /// The interface.
        interface: String,
    },
    /// The program could not be attached.
    #[error("cannot attach to {interface} in {mode} mode")]
    Attach {
        /// The interface.
        interface: String,
        /// The XDP mode.
        mode: &'static str,
        /// Why.
        #[source]
        source: Box<ProgramError>,
    },
    /// The kernel attached without a link, which would not outlive the daemon.
    #[error(
        "the kernel cannot attach to {interface} by a BPF link, which must be pinned to outlive the daemon; Linux 5.9 is the first that can"
    )]
    NoLink {
        /// The interface.
        interface: String,
    },
    /// Two services or backends at one endpoint.
    #[error(
        "an endpoint (address, port and protocol) is there twice; this is a fault of xdp-lb, please report it"
    )]
    Twice,
    /// More interfaces than the maps were made for.
    #[error(
        "no more than {capacity} interfaces can be attached now; restart the daemon, which sizes its maps anew without interrupting traffic"
    )]
    Devices {
        /// How many there may be.
        capacity: u32,
    },
    /// The configuration needs more than the maps were made for.
    #[error(
        "{what}: {needed} needed, the maps were made for {capacity}; raise `{what}` in [datapath.capacity] or restart the daemon, which sizes them anew without interrupting traffic"
    )]
    Full {
        /// Which size.
        what: &'static str,
        /// How many are needed.
        needed: u64,
        /// How many there are.
        capacity: u64,
    },
}

impl DataplaneError {
    /// Wraps an error of the map called `map`.
    pub(super) fn map<E: std::error::Error + Send + Sync + 'static>(map: &'static str) -> impl Fn(E) -> Self {
        move |source| Self::Map { map, source: Box::new(source) }
    }

    /// Wraps an error about a path on bpffs.
    pub(super) fn pin<E: Into<PinCause>>(
        what: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(E) -> Self {
        let path = path.into();
        move |source| Self::Pin { what, path, source: source.into().0 }
    }
}

/// Any of the errors that a path on bpffs can give.
pub(super) struct PinCause(Box<dyn std::error::Error + Send + Sync>);

macro_rules! pin_causes {
    ($($ty:ty),+) => { $(impl From<$ty> for PinCause { fn from(error: $ty) -> Self { Self(Box::new(error)) } })+ };
}
pin_causes!(io::Error, PinError, LinkError, ProgramError, MapError);
