//! Services and their slots.

use aya_ebpf::{bindings::BPF_F_MMAPABLE, macros::map, maps::Array};
use xdp_lb_common::{
    DropReason,
    service::Service,
    slot::{NO_BACKEND, Slot},
};

#[map]
static SERVICES: Array<Service> = Array::with_max_entries(1, BPF_F_MMAPABLE);

#[map]
static SLOTS: Array<Slot> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// The backend that a flow's hash selects.
#[inline(always)]
pub(crate) fn select(service: u32, hash: u32) -> Result<u32, DropReason> {
    let service = SERVICES.get(service).ok_or(DropReason::Inconsistent)?;
    match SLOTS.get(service.slot_of(hash)).ok_or(DropReason::Inconsistent)?.owner() {
        NO_BACKEND => Err(DropReason::NoBackend),
        backend => Ok(backend),
    }
}
