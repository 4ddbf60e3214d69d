//! A backend's reply on its way to the client.

use xdp_lb_common::{DropReason, control::Control};

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
    let verdict = match fib::lookup::<F>(packet, datagram, F::address(&backend.vip)) {
        Route::Local => return Ok(Verdict::Pass),
        Route::None => return Err(DropReason::NoRouteToClient),
        Route::Kernel => {
            parse::validate(packet, datagram)?;
            nat::to_client::<F>(packet, datagram, backend)?;
            Verdict::Pass
        }
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
