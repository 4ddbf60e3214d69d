//! Per-CPU counters.
#![expect(unsafe_code, reason = "per-CPU map values are reached by raw pointers")]

use aya_ebpf::{macros::map, maps::PerCpuArray};
use xdp_lb_common::{
    DropReason,
    counters::{BackendCounters, ServiceCounters},
};

#[map]
static BACKEND_CNTRS: PerCpuArray<BackendCounters> = PerCpuArray::with_max_entries(1, 0);

#[map]
static SERVICE_CNTRS: PerCpuArray<ServiceCounters> = PerCpuArray::with_max_entries(1, 0);

#[map]
static DROPS: PerCpuArray<u64> = PerCpuArray::with_max_entries(DropReason::LEN, 0);

/// Changes `map[index]` of this CPU. An index out of range counts nowhere.
#[inline(always)]
pub(crate) fn update<T: 'static>(map: &'static PerCpuArray<T>, index: u32, change: impl FnOnce(&mut T)) {
    if let Some(value) = map.get_ptr_mut(index) {
        // SAFETY: the value is this CPU's own, an XDP program is not preempted by another on the same CPU, and the
        // reference ends with the closure.
        change(unsafe { &mut *value });
    }
}

/// A client's packet of `bytes` bytes that a backend gets.
#[inline(always)]
pub(crate) fn forwarded(backend: u32, bytes: u64, opened: bool, closed: bool) {
    update(&BACKEND_CNTRS, backend, |counters| {
        counters.packets += 1;
        counters.bytes += bytes;
        counters.connections += u64::from(opened);
        counters.closed += u64::from(closed);
    });
}

/// A backend's packet of `bytes` bytes that a client gets.
#[inline(always)]
pub(crate) fn replied(backend: u32, bytes: u64, closed: bool) {
    update(&BACKEND_CNTRS, backend, |counters| {
        counters.reply_packets += 1;
        counters.reply_bytes += bytes;
        counters.closed += u64::from(closed);
    });
}

/// A packet of `bytes` bytes for a service that no backend gets.
#[inline(always)]
pub(crate) fn unserved(service: u32, bytes: u64) {
    update(&SERVICE_CNTRS, service, |counters| {
        counters.dropped_packets += 1;
        counters.dropped_bytes += bytes;
    });
}

/// A flow of a service that there is no room for in the flow table.
#[inline(always)]
pub(crate) fn unnoted(service: u32) {
    update(&SERVICE_CNTRS, service, |counters| counters.unnoted += 1);
}

/// A packet for a service that no backend gets, and whose sender is told.
#[inline(always)]
pub(crate) fn rejected(service: u32) {
    update(&SERVICE_CNTRS, service, |counters| counters.rejected_packets += 1);
}

/// A dropped packet, by reason.
#[inline(always)]
pub(crate) fn dropped(reason: DropReason) {
    update(&DROPS, reason as u32, |count| *count += 1);
}
