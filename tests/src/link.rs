//! Cables between hosts.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::Host;

/// Joins device `near_device` of one host to device `far_device` of another by a veth pair, both up.
pub fn veth(near: &Host, near_device: &str, far: &Host, far_device: &str) -> Result<()> {
    near.ip(&[
        // Both ends are made in their namespaces: none ever appears in the machine's own.
        &format!("link add {near_device} type veth peer name {far_device} netns {}", far.namespace()),
        &format!("link set {near_device} up"),
    ])?;
    far.ip(&[&format!("link set {far_device} up")])?;
    offloads(near, near_device)?;
    offloads(far, far_device)
}

/// Makes a device behave like a wire to XDP. Without this, locally generated packets carry unfinished checksums, and
/// frames that a native XDP program redirects to this device's peer are dropped unless this end polls, as GRO makes it.
/// Frames sent back by `XDP_TX` arrive too, but the kernel wakes this end for them only if it has an XDP program of its
/// own: otherwise they wait for the next ordinary packet on the link.
fn offloads(host: &Host, device: &str) -> Result<()> {
    host.run(Command::new("ethtool").args(["-K", device, "tx", "off", "gro", "on"]))
        .context("cannot set offloads (package ethtool)")?;
    Ok(())
}
