//! Whether the kernel forwards packets that arrive on an interface.

use std::{fs, io, path::Path};

/// The kernel's forwarding switches of one interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forwarding {
    /// `net.ipv4.conf.INTERFACE.forwarding`
    pub v4: bool,
    /// `net.ipv6.conf.INTERFACE.forwarding`
    pub v6: bool,
}

/// Reads the forwarding switches of `interface` in the calling thread's network namespace; one that does not
/// exist counts as off, and one that cannot be read, for want of descriptors, as on: nobody is warned of what is not
/// known.
#[must_use]
pub fn forwarding(interface: &str) -> Forwarding {
    let read = |family: &str| {
        // An interface's name holds no slash; one from a configuration must not lead elsewhere.
        if interface.contains('/') || matches!(interface, "" | "." | "..") {
            return false;
        }
        let path = Path::new("/proc/sys/net").join(family).join("conf").join(interface).join("forwarding");
        match fs::read_to_string(path) {
            Ok(value) => !matches!(value.trim(), "" | "0"),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        }
    };
    Forwarding { v4: read("ipv4"), v6: read("ipv6") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_interfaces_do_not_forward() {
        for name in ["no-such-interface", "", "..", "../all", "lo/../all"] {
            assert_eq!(forwarding(name), Forwarding { v4: false, v6: false }, "{name:?}");
        }
    }
}
