//! A backend's reply on its way to the client.

use aya_ebpf::{macros::map, maps::RingBuf};
use xdp_lb_common::{
    DropReason,
    backend::Backend,
    control::Control,
    flow::FlowKey,
    neighbour::{self, Miss},
    service::{Algorithm, flag},
    track::Segment,
};

use super::{
    device,
    fib::{self, Route},
    nat,
};
use crate::{
    Verdict, backend, count,
    family::Family,
    flow,
    packet::Packet,
    parse::{self, Datagram},
    service,
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
    let route = fib::lookup::<F>(packet, datagram, F::address(&backend.vip), backend.vip_port);
    match route {
        Route::Local => return Ok(Verdict::Pass),
        Route::None => return Err(DropReason::NoRouteToClient),
        Route::Forward { .. } | Route::Unresolved(_) | Route::Kernel => {}
    }
    let segment = parse::validate(packet, datagram)?;
    if datagram.ttl <= 1 && matches!(route, Route::Forward { .. }) {
        return Err(DropReason::TtlExpired);
    }
    let closed = answered::<F>(datagram, control, backend, segment)?;
    nat::to_client::<F>(packet, datagram, backend)?;
    let mut verdict = Verdict::Pass;
    match route {
        Route::Forward { ifindex, source, destination } => {
            // An interface that is not ours to send on is the kernel's turn.
            if let Some(sent) = device::send(packet, control, ifindex) {
                F::decrement_ttl(packet).ok_or(DropReason::Inconsistent)?;
                device::address(packet, source, destination)?;
                verdict = sent;
            }
        }
        Route::Unresolved(miss) => {
            // The kernel resolves what it forwards, but not for a source address that is its own, as a VIP may be: it
            // drops such packets as martians. The daemon asks for it then.
            let _full = MISSES.output::<Miss>(miss, 0);
        }
        Route::Local | Route::None | Route::Kernel => {}
    }
    count::replied(index, bytes, closed);
    Ok(verdict)
}

/// Takes in what a reply says of its connection; whether that has ended. Packets in the midst of one say nothing.
#[inline(always)]
fn answered<F: Family>(
    datagram: &Datagram<F::Address>,
    control: &Control,
    backend: &Backend,
    segment: Segment,
) -> Result<bool, DropReason> {
    if !segment.has(Segment::ACCEPT | Segment::FIN | Segment::RST) {
        return Ok(false);
    }
    let policy = service::get(backend.service)?.policy();
    let measured = matches!(policy.algorithm, Algorithm::LeastResponseTime);
    if !policy.has(flag::TRACKED) || (segment.has(Segment::ACCEPT) && !measured) {
        return Ok(false);
    }
    let (client, port) = (datagram.destination, datagram.destination_port);
    let key = FlowKey::new(F::words(client), port, backend.vip_port, backend.service);
    let hash = F::hash(client, port, backend.vip_port, &control.seed);
    Ok(flow::answered(&key, hash, control, segment))
}
