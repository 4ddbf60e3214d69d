//! What validation must know of the machine, behind a trait so that validation itself does no I/O.

use nix::net::if_::{if_nameindex, if_nametoindex};

/// Facts about the machine a configuration is meant for.
pub trait Host {
    /// Is there a network interface of this name?
    fn interface_exists(&self, name: &str) -> bool;

    /// The names of all network interfaces, for hints.
    fn interfaces(&self) -> Vec<String>;
}

/// The machine (and network namespace) this process runs in.
#[derive(Clone, Copy, Debug)]
pub struct ThisHost;

impl Host for ThisHost {
    fn interface_exists(&self, name: &str) -> bool {
        if_nametoindex(name).is_ok()
    }

    fn interfaces(&self) -> Vec<String> {
        // Only hints are lost where the kernel does not answer.
        let Ok(interfaces) = if_nameindex() else { return Vec::new() };
        interfaces.iter().map(|interface| interface.name().to_string_lossy().into_owned()).collect()
    }
}
