//! What the kernel does with packets that arrive on an interface.

use std::{fs, path::Path};

/// The kernel's forwarding switches of one interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forwarding {
    /// `net.ipv4.conf.INTERFACE.forwarding`
    pub v4: bool,
    /// `net.ipv6.conf.INTERFACE.forwarding`
    pub v6: bool,
}

/// Reads the forwarding switches of `interface` in the calling thread's network namespace; one that cannot be read
/// counts as off.
#[must_use]
pub fn forwarding(interface: &str) -> Forwarding {
    Forwarding { v4: is_on("ipv4", interface, "forwarding"), v6: is_on("ipv6", interface, "forwarding") }
}

/// Whether the kernel forwards IPv4 packets that arrive on `interface` from one of the host's own addresses
/// (`net.ipv4.conf.INTERFACE.accept_local`, or that of `all`).
#[must_use]
pub fn accepts_own(interface: &str) -> bool {
    [interface, "all"].iter().any(|name| is_on("ipv4", name, "accept_local"))
}

/// Whether a switch of an interface is on; one that cannot be read counts as off.
fn is_on(family: &str, interface: &str, switch: &str) -> bool {
    // An interface's name holds no slash; one from a configuration must not lead elsewhere.
    if interface.contains('/') || matches!(interface, "" | "." | "..") {
        return false;
    }
    let path = Path::new("/proc/sys/net").join(family).join("conf").join(interface).join(switch);
    fs::read_to_string(path).is_ok_and(|value| !matches!(value.trim(), "" | "0"))
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
