//! Flows that are noted: the only state that the program keeps.
#![expect(unsafe_code, reason = "the clock is a helper of the kernel")]

use aya_ebpf::{bindings::BPF_F_MMAPABLE, helpers::generated::bpf_ktime_get_ns, macros::map, maps::Array};
use xdp_lb_common::{
    atomic::Word,
    control::Control,
    flow::FlowKey,
    load::Load,
    slot::Slot,
    track::{self, Buckets, Cells, Decision, Flow, Memory, Segment, Table},
};

use crate::{backend, load, service};

#[map]
static FLOWS: Array<Cells> = Array::with_max_entries(1, BPF_F_MMAPABLE);

#[map]
static EMBRYOS: Array<Cells> = Array::with_max_entries(1, BPF_F_MMAPABLE);

#[map]
static CLIENTS: Array<Cells> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// The program's maps.
pub(crate) struct Maps;

impl Buckets for Maps {
    #[inline(always)]
    fn bucket(&self, table: Table, index: u32) -> Option<&Cells> {
        match table {
            Table::Flows => FLOWS.get(index),
            Table::Embryos => EMBRYOS.get(index),
            Table::Clients => CLIENTS.get(index),
        }
    }
}

impl Memory for Maps {
    #[inline(always)]
    fn slot(&self, index: u32) -> Option<Slot> {
        service::slot(index)
    }

    #[inline(always)]
    fn load(&self, backend: u32) -> Option<Load<'_>> {
        load::of(backend)
    }

    #[inline(always)]
    fn turn(&self, service: u32) -> Option<&Word> {
        load::turn(service)
    }

    #[inline(always)]
    fn serves(&self, backend: u32, service: u32) -> bool {
        backend::serves(backend, service)
    }

    #[inline(always)]
    fn micros(&self) -> u32 {
        // SAFETY: a helper without arguments that any program may call.
        (unsafe { bpf_ktime_get_ns() } / 1000) as u32
    }
}

/// Decides a client's packet on a moving slot or of a tracked service. The result is a word of [`Decision`].
///
/// A function of its own, as the next one: most packets do not need its room on the stack, and there is one for both
/// address families.
#[inline(never)]
pub(crate) fn decide(flow: &Flow<'_>, control: &Control, segment: Segment) -> u64 {
    Decision::word(track::decide(&Maps, &control.tables(), control.now, *flow, segment))
}

/// Takes in a backend's packet; whether a connection has ended.
#[inline(never)]
pub(crate) fn answered(key: &FlowKey, hash: u32, control: &Control, segment: Segment) -> bool {
    // What a reply says of its connection does not keep it from its client.
    track::answered(&Maps, &control.tables(), key, hash, segment).unwrap_or(false)
}
