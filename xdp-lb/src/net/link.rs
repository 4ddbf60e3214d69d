//! Network interfaces as the kernel describes them.

use super::{NetError, kernel};

/// One network interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Interface index, unique within the network namespace.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Its MAC address; none if it is not an Ethernet interface (loopback, tunnels).
    pub mac: Option<[u8; 6]>,
    /// Largest IP packet it carries, in bytes.
    pub mtu: u32,
    /// Whether it is administratively up.
    pub up: bool,
    /// Whether it has a carrier: a cable and a live other end.
    pub carrier: bool,
    /// The kind of a virtual interface ("veth", "bond", "bridge", "vlan", …); none for hardware.
    pub kind: Option<String>,
    /// The XDP programs attached to it, if any.
    pub xdp: Option<XdpAttachment>,
}

/// The XDP programs attached to an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XdpAttachment {
    /// Their ids, of every mode.
    pub program_ids: Vec<u32>,
    /// Where they run.
    pub mode: XdpMode,
}

/// Where in the receive path an XDP program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum XdpMode {
    /// In the driver, before a socket buffer exists.
    Native,
    /// In the stack, on socket buffers: works everywhere, slowly.
    Generic,
    /// On the network card.
    Offloaded,
    /// Programs in several modes at once.
    Multiple,
}

/// Lists the interfaces of the calling thread's network namespace, by index.
///
/// # Errors
///
/// Fails if netlink cannot be used.
pub async fn links() -> Result<Vec<Link>, NetError> {
    kernel::links().await
}
