//! From a datagram to its way out.

mod device;
mod fib;
mod nat;
mod reject;
mod reply;

use xdp_lb_common::{
    Be16, DropReason,
    backend::{Backend, Mode},
    control::Control,
    endpoint::Role,
    flow::FlowKey,
    service::flag,
    slot::NO_BACKEND,
    track::{Decision, Event, Segment},
};

use crate::{
    Verdict, backend, control, count, endpoint,
    family::Family,
    flow,
    packet::Packet,
    parse::{self, Datagram},
    service,
};

/// Clients' packets go to a backend, backends' replies to their client, and everything else to the kernel, untouched.
#[inline(always)]
pub(crate) fn dispatch<F: Family>(packet: &mut Packet<'_>) -> Result<Verdict, DropReason> {
    let Some(datagram) = F::parse(packet) else { return Ok(Verdict::Pass) };
    let control = control::get()?;
    let shape = &F::shapes(control)[(control.active & 1) as usize];
    let find = |address, port, role| endpoint::find::<F>(shape, address, port, datagram.protocol, role);

    if let Some(service) = find(datagram.destination, datagram.destination_port, Role::Service) {
        let bytes = packet.len();
        return to_backend::<F>(packet, &datagram, control, service).or_else(|reason| {
            count::unserved(service, bytes);
            reject::answer::<F>(packet, service, reason)
        });
    }
    match find(datagram.source, datagram.source_port, Role::Reply) {
        Some(index) => reply::to_client::<F>(packet, &datagram, control, index),
        None => Ok(Verdict::Pass),
    }
}

#[inline(always)]
fn to_backend<F: Family>(
    packet: &mut Packet<'_>,
    datagram: &Datagram<F::Address>,
    control: &Control,
    service: u32,
) -> Result<Verdict, DropReason> {
    let segment = parse::validate(packet, datagram)?;
    let record = service::get(service)?;
    let policy = record.policy();
    let hash = |port| F::hash(datagram.source, port, datagram.destination_port, &control.seed);
    let slot_hash = hash(if policy.has(flag::AFFINITY) { Be16::from_raw(0) } else { datagram.source_port });
    let slot = service::slot(record.slot_of(slot_hash)).ok_or(DropReason::Inconsistent)?;
    let tracked = policy.has(flag::TRACKED);
    let decision = if tracked || slot.is_moving() {
        let client = F::words(datagram.source);
        let key = FlowKey::new(client, datagram.source_port, datagram.destination_port, service);
        let hash = if policy.has(flag::AFFINITY) { hash(datagram.source_port) } else { slot_hash };
        flow::decide(&key, hash, slot_hash, segment)?
    } else {
        Decision::of(slot.owner())
    };
    let index = decision.backend;
    if matches!(decision.event, Event::Unnoted) {
        count::unnoted(service);
    }
    if index == NO_BACKEND {
        return Err(DropReason::NoBackend);
    }
    let backend = backend::get(index)?;
    let verdict = forward::<F>(packet, datagram, control, backend)?;
    let (opened, closed) = if tracked {
        (matches!(decision.event, Event::Opened), matches!(decision.event, Event::Closed))
    } else {
        (segment.has(Segment::SYN), segment.has(Segment::FIN | Segment::RST))
    };
    count::forwarded(index, packet.len(), opened, closed);
    Ok(verdict)
}

#[inline(always)]
fn forward<F: Family>(
    packet: &mut Packet<'_>,
    datagram: &Datagram<F::Address>,
    control: &Control,
    backend: &Backend,
) -> Result<Verdict, DropReason> {
    if backend.ifindex == 0 {
        return Err(DropReason::NoNextHop);
    }
    if backend.mode == Mode::Nat as u8 {
        nat::to_backend::<F>(packet, datagram, backend)?;
    } else if backend.mode != Mode::Dsr as u8 {
        return Err(DropReason::Inconsistent);
    }
    device::address(packet, backend.source_mac, backend.destination_mac)?;
    device::send(packet, control, backend.ifindex).ok_or(DropReason::NoDevice)
}
