//! What algorithms go by: how loaded backends are, and whose turn it is.

use aya_ebpf::{bindings::BPF_F_MMAPABLE, macros::map, maps::Array};
use xdp_lb_common::{atomic::Word, load::WORDS};

#[map]
static LOADS: Array<[Word; WORDS]> = Array::with_max_entries(1, BPF_F_MMAPABLE);

#[map]
static TURNS: Array<[Word; WORDS]> = Array::with_max_entries(1, BPF_F_MMAPABLE);
