//! The kernel's routing table, for destinations that the daemon cannot know: clients.
#![expect(unsafe_code, reason = "calls a kernel helper with a C structure")]

use core::mem;

use aya_ebpf::{
    bindings::{
        BPF_FIB_LKUP_RET_BLACKHOLE, BPF_FIB_LKUP_RET_FWD_DISABLED, BPF_FIB_LKUP_RET_NOT_FWDED,
        BPF_FIB_LKUP_RET_PROHIBIT, BPF_FIB_LKUP_RET_SUCCESS, BPF_FIB_LKUP_RET_UNREACHABLE, bpf_fib_lookup,
    },
    helpers::generated,
};

use crate::{family::Family, packet::Packet, parse::Datagram};

/// What the routing table says of a packet.
pub(crate) enum Route {
    /// Out of this interface, with these MAC addresses.
    Forward {
        /// Interface index.
        ifindex: u32,
        /// MAC address of that interface.
        source: [u8; 6],
        /// MAC address of the next hop.
        destination: [u8; 6],
    },
    /// Not to be forwarded: it is for this host itself, or forwarding is off.
    Local,
    /// There is a way, but only the kernel can take it: the neighbour is not resolved yet, the packet is too big, the
    /// route encapsulates.
    Kernel,
    /// Blackhole, unreachable or prohibited.
    None,
}

/// Size of the helper's parameters.
const SIZE: i32 = 64;
const _: () = assert!(size_of::<bpf_fib_lookup>() == SIZE as usize);

/// Looks up the way of `datagram`, were `source` its source address.
#[inline(always)]
pub(crate) fn lookup<F: Family>(
    packet: &Packet<'_>,
    datagram: &Datagram<F::Address>,
    source: F::Address,
) -> Route {
    // SAFETY: integers and unions of integers; all zero is a valid value.
    let mut params: bpf_fib_lookup = unsafe { mem::zeroed() };
    params.family = F::AF;
    params.l4_protocol = datagram.protocol;
    params.sport = datagram.source_port.raw();
    params.dport = datagram.destination_port.raw();
    params.__bindgen_anon_1.tot_len = datagram.total;
    params.ifindex = packet.ingress;
    params.__bindgen_anon_3.ipv6_src = F::fib_words(source);
    params.__bindgen_anon_4.ipv6_dst = F::fib_words(datagram.destination);
    // SAFETY: the context is the program's own, and the kernel is told the size of what it may write to.
    let result = unsafe { generated::bpf_fib_lookup(packet.context(), &raw mut params, SIZE, 0) };
    match u32::try_from(result).unwrap_or(u32::MAX) {
        BPF_FIB_LKUP_RET_SUCCESS => {
            Route::Forward { ifindex: params.ifindex, source: params.smac, destination: params.dmac }
        }
        BPF_FIB_LKUP_RET_NOT_FWDED | BPF_FIB_LKUP_RET_FWD_DISABLED => Route::Local,
        BPF_FIB_LKUP_RET_BLACKHOLE | BPF_FIB_LKUP_RET_UNREACHABLE | BPF_FIB_LKUP_RET_PROHIBIT => Route::None,
        _ => Route::Kernel,
    }
}
