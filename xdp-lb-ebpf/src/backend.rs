//! Backends.

use aya_ebpf::{bindings::BPF_F_MMAPABLE, macros::map, maps::Array};
use xdp_lb_common::{DropReason, backend::Backend};

#[map]
static BACKENDS: Array<Backend> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// The backend with this index.
#[inline(always)]
pub(crate) fn get(index: u32) -> Result<&'static Backend, DropReason> {
    BACKENDS.get(index).ok_or(DropReason::Inconsistent)
}

/// Whether a backend is one of this service and not known to be dead.
#[inline(always)]
pub(crate) fn serves(index: u32, service: u32) -> bool {
    BACKENDS.get(index).is_some_and(|backend| backend.service == service && backend.serves())
}
