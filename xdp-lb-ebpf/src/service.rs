//! Services and their slots.

use aya_ebpf::{bindings::BPF_F_MMAPABLE, macros::map, maps::Array};
use xdp_lb_common::{DropReason, service::Service, slot::Slot};

#[map]
static SERVICES: Array<Service> = Array::with_max_entries(1, BPF_F_MMAPABLE);

#[map]
static SLOTS: Array<Slot> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// The service with this index.
#[inline(always)]
pub(crate) fn get(index: u32) -> Result<&'static Service, DropReason> {
    SERVICES.get(index).ok_or(DropReason::Inconsistent)
}

/// The slot that a flow's hash selects. A copy: the daemon may change the slot meanwhile.
#[inline(always)]
pub(crate) fn slot(service: u32, hash: u32) -> Result<Slot, DropReason> {
    SLOTS.get(get(service)?.slot_of(hash)).copied().ok_or(DropReason::Inconsistent)
}
