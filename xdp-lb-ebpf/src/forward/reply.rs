//! A backend's reply on its way to the client.

use aya_ebpf::{macros::map, maps::RingBuf};
use xdp_lb_common::{
    DropReason,
    backend::Backend,
    control::Control,
    neighbour::{self, Miss},
};

use super::{
    device,
    fib::{self, Route},
    nat,
};
use crate::{
    Verdict, backend, count,
    family::Family,
    packet::Packet,
    parse::{self, Datagram},
};

#[map]
static MISSES: RingBuf = RingBuf::with_byte_size(neighbour::RING, 0);

/// Translates a reply and routes it.
///
/// Packets from a backend to this host itself are answers to health checks: they pass untouched. Where the kernel must
/// do the routing it gets the translated packet, its MAC addresses and TTL as they came.
#[inline(always)]
pub(crate) fn to_client<F: Family>(
    packet: &mut Packet<'_>,
    datagram: &Datagram<F::Address>,
    control: &Control,
    index: u32,
) -> Result<Verdict, DropReason> {
    let backend = backend::get(index)?;
    let bytes = packet.len();
    let verdict = match fib::lookup::<F>(packet, datagram, F::address(&backend.vip), backend.vip_port) {
        Route::Local => return Ok(Verdict::Pass),
        Route::None => return Err(DropReason::NoRouteToClient),
        Route::Unresolved(miss) => {
            // The kernel resolves what it forwards, but not for a source address that is its own, as a VIP may be: it
            // drops such packets as martians. The daemon asks for it then.
            let _full = MISSES.output::<Miss>(miss, 0);
            by_kernel::<F>(packet, datagram, backend)?
        }
        Route::Kernel => by_kernel::<F>(packet, datagram, backend)?,
        Route::Forward { ifindex, source, destination } => {
            parse::validate(packet, datagram)?;
            if datagram.ttl <= 1 {
                return Err(DropReason::TtlExpired);
            }
            nat::to_client::<F>(packet, datagram, backend)?;
            match device::send(packet, control, ifindex) {
                Some(verdict) => {
                    F::decrement_ttl(packet).ok_or(DropReason::Inconsistent)?;
                    device::address(packet, source, destination)?;
                    verdict
                }
                // An interface that is not ours to send on: the kernel's turn.
                None => Verdict::Pass,
            }
        }
    };
    count::replied(index, bytes);
    Ok(verdict)
}

/// Translates a reply and leaves the way to the kernel.
#[inline(always)]
fn by_kernel<F: Family>(
    packet: &mut Packet<'_>,
    datagram: &Datagram<F::Address>,
    backend: &Backend,
) -> Result<Verdict, DropReason> {
    parse::validate(packet, datagram)?;
    nat::to_client::<F>(packet, datagram, backend)?;
    Ok(Verdict::Pass)
}
