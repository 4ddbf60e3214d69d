//! The last step: MAC addresses, and out.

use aya_ebpf::{bindings::xdp_action, macros::map, maps::DevMapHash};
use network_types::eth::EthHdr;
use xdp_lb_common::{
    DropReason,
    control::{Control, flag},
};

use crate::{
    Verdict,
    packet::{Packet, Word},
};

#[map]
static DEVICES: DevMapHash = DevMapHash::with_max_entries(64, 0);

/// Sets both MAC addresses.
#[inline(always)]
pub(crate) fn address(
    packet: &mut Packet<'_>,
    source: [u8; 6],
    destination: [u8; 6],
) -> Result<(), DropReason> {
    let ethernet = packet.at::<EthHdr>(0).ok_or(DropReason::Inconsistent)?;
    copy(&mut ethernet.dst_addr, &destination);
    copy(&mut ethernet.src_addr, &source);
    Ok(())
}

/// A MAC address as two words.
#[inline(always)]
fn copy(to: &mut [u8; 6], from: &[u8; 6]) {
    u32::load(from).store(to);
    u16::load(&from[4..]).store(&mut to[4..]);
}

/// Chooses the way out by interface; `None` where that is not one of the configured ones.
#[inline(always)]
pub(crate) fn send(packet: &Packet<'_>, control: &Control, ifindex: u32) -> Option<Verdict> {
    if ifindex == packet.ingress && control.flags & flag::REDIRECT_ONLY == 0 {
        return Some(Verdict::Transmit);
    }
    match DEVICES.redirect(ifindex, u64::from(xdp_action::XDP_ABORTED)) {
        Ok(_redirect) => Some(Verdict::Redirect),
        Err(_miss) => None,
    }
}
