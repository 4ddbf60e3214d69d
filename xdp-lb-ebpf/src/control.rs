//! The control record.

use aya_ebpf::{bindings::BPF_F_MMAPABLE, macros::map, maps::Array};
use xdp_lb_common::{DropReason, control::Control};

#[map]
static CONTROL: Array<Control> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// The record. Its lookup has a constant key, which the verifier turns into an address.
#[inline(always)]
pub(crate) fn get() -> Result<&'static Control, DropReason> {
    CONTROL.get(0).ok_or(DropReason::Inconsistent)
}

/// [`xdp_lb_common::map::META`] and [`xdp_lb_common::map::CARRIED`]: the daemon's alone, kept with the rest.
mod daemon {
    use aya_ebpf::{bindings::BPF_F_MMAPABLE, macros::map, maps::Array};
    use xdp_lb_common::{counters::BackendCounters, map::meta};

    #[map]
    static META: Array<u64> = Array::with_max_entries(meta::LEN, 0);

    #[map]
    static CARRIED: Array<BackendCounters> = Array::with_max_entries(1, BPF_F_MMAPABLE);
}
