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

/// A slot, by its place among those of all services. A copy: the daemon may change it meanwhile.
#[inline(always)]
pub(crate) fn slot(index: u32) -> Option<Slot> {
    SLOTS.get(index).copied()
}
