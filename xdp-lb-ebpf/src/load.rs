//! What algorithms go by: how loaded backends are, and whose turn it is.

use aya_ebpf::{bindings::BPF_F_MMAPABLE, macros::map, maps::Array};
use xdp_lb_common::{
    atomic::Word,
    load::{Load, WORDS},
};

#[map]
static LOADS: Array<[Word; WORDS]> = Array::with_max_entries(1, BPF_F_MMAPABLE);

#[map]
static TURNS: Array<[Word; WORDS]> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// How loaded a backend is.
#[inline(always)]
pub(crate) fn of(backend: u32) -> Option<Load<'static>> {
    LOADS.get(backend).map(Load::new)
}

/// Whose turn it is.
#[inline(always)]
pub(crate) fn turn(service: u32) -> Option<&'static Word> {
    TURNS.get(service).map(|words| &words[0])
}
