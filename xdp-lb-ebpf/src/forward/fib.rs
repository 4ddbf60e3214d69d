//! The kernel's routing table, for destinations that the daemon cannot know: clients.
#![expect(unsafe_code, reason = "calls a kernel helper with a C structure")]

use core::mem;

use aya_ebpf::{
    bindings::{
        BPF_FIB_LKUP_RET_BLACKHOLE, BPF_FIB_LKUP_RET_FWD_DISABLED, BPF_FIB_LKUP_RET_NO_NEIGH,
        BPF_FIB_LKUP_RET_NOT_FWDED, BPF_FIB_LKUP_RET_PROHIBIT, BPF_FIB_LKUP_RET_SUCCESS,
        BPF_FIB_LKUP_RET_UNREACHABLE, bpf_fib_lookup,
    },
    helpers::generated,
};

use xdp_lb_common::{Be16, neighbour::Miss};

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
    /// Not to be forwarded: it is for this host itself, forwarding is off, or there is no route at all.
    Local,
    /// There is a way, but this next hop's MAC address is not known yet.
    Unresolved(Miss),
    /// There is a way, but only the kernel can take it: the packet is too big, the route encapsulates.
    Kernel,
    /// Blackhole, unreachable or prohibited.
    None,
}

/// The kernel's number for IPv4. A route by a gateway of the other family changes the family.
const AF_INET: u8 = 2;

/// Size of the helper's parameters.
const SIZE: i32 = 64;
const _: () = assert!(size_of::<bpf_fib_lookup>() == SIZE as usize);

/// Looks up the way of `datagram`, were `source` and `port` its source.
#[inline(always)]
pub(crate) fn lookup<F: Family>(
    packet: &Packet<'_>,
    datagram: &Datagram<F::Address>,
    source: F::Address,
    port: Be16,
) -> Route {
    // SAFETY: integers and unions of integers; all zero is a valid value.
    let mut params: bpf_fib_lookup = unsafe { mem::zeroed() };
    params.family = F::AF;
    params.l4_protocol = datagram.protocol;
    params.sport = port.raw();
    params.dport = datagram.destination_port.raw();
    params.__bindgen_anon_1.tot_len = datagram.total;
    params.ifindex = packet.ingress;
    params.__bindgen_anon_3.ipv6_src = F::words(source);
    params.__bindgen_anon_4.ipv6_dst = F::words(datagram.destination);
    // SAFETY: the context is the program's own, and the kernel is told the size of what it may write to.
    let result = unsafe { generated::bpf_fib_lookup(packet.context(), &raw mut params, SIZE, 0) };
    match u32::try_from(result).unwrap_or(u32::MAX) {
        // Before Linux 6.3 the kernel counts a neighbour that it is still asking for as found.
        BPF_FIB_LKUP_RET_SUCCESS if params.dmac == [0; 6] => Route::Unresolved(miss(&params)),
        BPF_FIB_LKUP_RET_SUCCESS => {
            Route::Forward { ifindex: params.ifindex, source: params.smac, destination: params.dmac }
        }
        BPF_FIB_LKUP_RET_NOT_FWDED | BPF_FIB_LKUP_RET_FWD_DISABLED => Route::Local,
        BPF_FIB_LKUP_RET_BLACKHOLE | BPF_FIB_LKUP_RET_UNREACHABLE | BPF_FIB_LKUP_RET_PROHIBIT => Route::None,
        BPF_FIB_LKUP_RET_NO_NEIGH => Route::Unresolved(miss(&params)),
        _ => Route::Kernel,
    }
}

/// The next hop, which the kernel leaves in the place of the destination.
#[inline(always)]
fn miss(params: &bpf_fib_lookup) -> Miss {
    // SAFETY: integers in both variants of the union.
    let words = unsafe { params.__bindgen_anon_4.ipv6_dst };
    let v6 = params.family != AF_INET;
    let mut address = [0; 16];
    for (word, bytes) in words.iter().zip(address.as_chunks_mut::<4>().0) {
        // What is behind an IPv4 address in the union is not of it.
        *bytes = word.to_ne_bytes();
        if !v6 {
            break;
        }
    }
    Miss { address, ifindex: params.ifindex, v6: u32::from(v6) }
}
