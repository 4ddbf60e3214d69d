//! The XDP balancer: entry point, and what becomes of each outcome.
//!
//! A packet's way: [`parse`] → [`endpoint`] → [`service`] (→ [`flow`]) → [`backend`] → [`forward`] → [`count`].
#![cfg_attr(target_arch = "bpf", no_std, no_main)]
#![expect(missing_docs, reason = "the `xdp` macro exports an undocumented function")]

mod backend;
mod control;
mod count;
mod endpoint;
mod family;
mod flow;
mod forward;
mod limit;
mod load;
mod packet;
mod parse;
mod service;

use aya_ebpf::{bindings::xdp_action, macros::xdp, programs::XdpContext};
use network_types::eth::EtherType;
use xdp_lb_common::DropReason;

use crate::{
    family::{V4, V6},
    packet::Packet,
};

/// What to do with a packet that is not dropped.
///
/// As wide as [`DropReason`], so that a `Result` of the two has no undefined half: the compiler may shift that before it
/// looks which it is, and the verifier finds a pointer there.
#[repr(u32)]
#[derive(Clone, Copy)]
pub(crate) enum Verdict {
    /// Leave it to the kernel's network stack.
    Pass,
    /// Out of the interface it came in by.
    Transmit,
    /// Out of the interface that the redirect helper was told.
    Redirect,
}

/// The program that is attached.
#[expect(
    unreachable_pub,
    clippy::needless_pass_by_value,
    reason = "the macro exports it and passes the context so"
)]
#[xdp]
pub fn balancer(ctx: XdpContext) -> u32 {
    let mut packet = Packet::new(&ctx);
    match balance(&mut packet) {
        Ok(Verdict::Pass) => xdp_action::XDP_PASS,
        Ok(Verdict::Transmit) => xdp_action::XDP_TX,
        Ok(Verdict::Redirect) => xdp_action::XDP_REDIRECT,
        Err(reason) => {
            count::dropped(reason);
            if matches!(reason, DropReason::Inconsistent) {
                aya_log_ebpf::error!(
                    &ctx,
                    "a map holds something that the daemon never writes; packet dropped"
                );
            }
            xdp_action::XDP_DROP
        }
    }
}

/// Dispatches on the address family. Whatever is neither IPv4 nor IPv6 is the kernel's.
#[inline(always)]
fn balance(packet: &mut Packet<'_>) -> Result<Verdict, DropReason> {
    match parse::ether_type(packet) {
        Some(EtherType::Ipv4) => forward::dispatch::<V4>(packet),
        Some(EtherType::Ipv6) => forward::dispatch::<V6>(packet),
        Some(_) | None => Ok(Verdict::Pass),
    }
}

#[cfg(target_arch = "bpf")]
#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    // Never reached: the verifier rejects a program that can get here.
    loop {}
}

/// `bpf_fib_lookup` is for GPL-compatible programs only.
#[expect(unsafe_code, reason = "the kernel reads the licence from a section of this name")]
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

#[cfg(not(target_arch = "bpf"))]
fn main() {}
