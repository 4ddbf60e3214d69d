//! Clients are told that there is no backend for them: by an RST (RFC 9293, section 3.10.7.1), or by ICMP.
//!
//! Off the way of packets that are served: a function of its own, called and not inlined, that parses the packet again
//! instead of having all of that kept for it. Checksums of the packet are not looked at.

use core::mem::offset_of;

use aya_ebpf::programs::XdpContext;
use network_types::{eth::EthHdr, tcp::TcpHdr};
use xdp_lb_common::{DropReason, checksum::Sum, service::flag};

use super::device;
use crate::{
    Verdict, control, count,
    family::Family,
    limit,
    packet::{Packet, Word},
    parse::{Datagram, L3, TCP},
    service,
};

/// Length of the header of an ICMP error, in bytes.
const ICMP: usize = 8;

/// Where the checksum is in it.
const ICMP_CHECK: usize = 2;

/// What becomes of a packet that was for `service` and failed for `reason`: it may be turned into an answer.
#[inline(always)]
pub(crate) fn answer<F: Family>(
    packet: &Packet<'_>,
    service: u32,
    reason: DropReason,
) -> Result<Verdict, DropReason> {
    let told = matches!(reason, DropReason::NoBackend | DropReason::BackendsFull);
    if !told || !service::get(service)?.policy().has(flag::REJECT) {
        return Err(reason);
    }
    let verdict = turned::<F>(packet.handle()).ok_or(reason)?;
    count::dropped(reason);
    count::rejected(service);
    Ok(verdict)
}

/// Turns the packet into the answer to it. `None`: there is none to be sent, and the packet may be damaged by now.
#[inline(never)]
#[expect(
    clippy::needless_pass_by_value,
    reason = "a reference would keep it on the stack of every packet's way"
)]
fn turned<F: Family>(context: XdpContext) -> Option<Verdict> {
    let mut packet = Packet::new(&context);
    let ethernet = *packet.at::<EthHdr>(0)?;
    let datagram = F::parse(&mut packet)?;
    if is_group(ethernet.src_addr) || is_group(ethernet.dst_addr) || !F::is_one_host(datagram.source) {
        return None;
    }
    let segment = if datagram.protocol == TCP { Some(reset(&mut packet, &datagram)?) } else { None };
    if !limit::allows_answer() {
        return None;
    }
    let mut packet = match segment {
        Some(tcp) => {
            let mut packet = packet.cut(L3 + F::HEADER + size_of::<TcpHdr>())?;
            *packet.at::<TcpHdr>(L3 + F::HEADER)? = tcp;
            packet
        }
        None => unreachable::<F>(packet, &datagram)?,
    };
    *packet.at::<EthHdr>(0)? =
        EthHdr { dst_addr: ethernet.src_addr, src_addr: ethernet.dst_addr, ..ethernet };
    finish::<F>(&mut packet, &datagram)?;
    device::send(&packet, control::get().ok()?, packet.ingress)
}

/// Whether a MAC address is that of a group, or of all.
#[inline(always)]
fn is_group(mac: [u8; 6]) -> bool {
    mac[0] & 1 != 0
}

/// The RST in answer to a segment; nothing is answered to an RST.
#[inline(always)]
fn reset<A>(packet: &mut Packet<'_>, datagram: &Datagram<A>) -> Option<TcpHdr> {
    let tcp = packet.at::<TcpHdr>(datagram.l4)?;
    if tcp.rst() != 0 {
        return None;
    }
    let acknowledged = tcp.ack() != 0;
    let payload = datagram.length.ok()?.wrapping_sub(tcp.doff() * 4);
    let length = u32::from(payload) + u32::from(tcp.syn()) + u32::from(tcp.fin());
    let next = u32::from_be(u32::load(&tcp.seq)).wrapping_add(length).to_be_bytes();
    Some(TcpHdr {
        source: tcp.dest,
        dest: tcp.source,
        seq: if acknowledged { tcp.ack_seq } else { [0; 4] },
        ack_seq: if acknowledged { [0; 4] } else { next },
        _bitfield_align_1: [],
        _bitfield_1: TcpHdr::new_bitfield_1(0, 5, 0, 0, 1, 0, u16::from(!acknowledged), 0, 0, 0),
        window: [0; 2],
        check: [0; 2],
        urg_ptr: [0; 2],
    })
}

/// The frame with room for Ethernet and IP, an ICMP header without its checksum, and as much of the packet as fits.
#[inline(always)]
fn unreachable<'ctx, F: Family>(
    packet: Packet<'ctx>,
    datagram: &Datagram<F::Address>,
) -> Option<Packet<'ctx>> {
    let quote = usize::from(datagram.total).min(F::PORT_UNREACHABLE.size - F::HEADER - ICMP);
    let mut packet = packet.cut(L3 + quote)?.prepend(F::HEADER + ICMP)?;
    let [kind, code] = F::PORT_UNREACHABLE.message;
    *packet.at::<[u8; ICMP]>(L3 + F::HEADER)? = [kind, code, 0, 0, 0, 0, 0, 0];
    Some(packet)
}

/// Writes the IP header of the answer to `datagram`, and the checksum of what follows it, which is zero so far.
#[inline(always)]
fn finish<F: Family>(packet: &mut Packet<'_>, datagram: &Datagram<F::Address>) -> Option<()> {
    let (source, destination) = (datagram.destination, datagram.source);
    let length = (packet.len() - (L3 + F::HEADER) as u64) as u16;
    let icmp = F::PORT_UNREACHABLE;
    let (protocol, longest, place, pseudo_header) = if datagram.protocol == TCP {
        (TCP, size_of::<TcpHdr>(), offset_of!(TcpHdr, check), true)
    } else {
        (icmp.protocol, icmp.size - F::HEADER, ICMP_CHECK, icmp.pseudo_header)
    };
    F::write_header(packet, source, destination, protocol, length)?;
    let sum = if pseudo_header {
        Sum::pseudo_header(F::words(source), F::words(destination), protocol, length)
    } else {
        Sum::default()
    };
    let checksum = rest(packet, L3 + F::HEADER, longest, sum).checksum();
    checksum.store(packet.at::<[u8; 2]>(L3 + F::HEADER + place)?);
    Some(())
}

/// Adds everything from `at` on, `longest` bytes at most.
#[inline(always)]
fn rest(packet: &mut Packet<'_>, mut at: usize, longest: usize, mut sum: Sum) -> Sum {
    for _ in 0..longest / 4 {
        let Some(word) = packet.at::<[u8; 4]>(at) else { break };
        sum = sum.and(u32::load(word));
        at += 4;
    }
    if let Some(half) = packet.at::<[u8; 2]>(at) {
        sum = sum.and(u32::from(u16::load(half)));
        at += 2;
    }
    match packet.at::<[u8; 1]>(at) {
        Some(&mut [last]) => sum.and(u32::from(u16::from_ne_bytes([last, 0]))),
        None => sum,
    }
}
