//! Flows that are noted: the only state that the program keeps.
#![expect(unsafe_code, reason = "the clock is a helper of the kernel")]

use aya_ebpf::{bindings::BPF_F_MMAPABLE, helpers::generated::bpf_ktime_get_ns, macros::map, maps::Array};
use xdp_lb_common::{
    DropReason,
    atomic::Word,
    flow::FlowKey,
    load::Load,
    slot::Slot,
    track::{Buckets, Cells, Decision, Event, Key, Memory, Segment, Table},
};

use self::global::{flow_admit, flow_answered, flow_choose, flow_look_up};
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

/// Decides a client's packet on a moving slot or of a tracked service.
#[inline(always)]
pub(crate) fn decide(
    key: &FlowKey,
    hash: u32,
    slot_hash: u32,
    segment: Segment,
) -> Result<Decision, DropReason> {
    let [first, second, third] = Key::new(key).words();
    let hashes = u64::from(hash) | u64::from(slot_hash) << 32;
    let decision = Decision::from_word(flow_look_up(first, second, third, hashes, segment.bits().into()))?;
    if !matches!(decision.event, Event::New) {
        return Ok(decision);
    }
    let chosen = Decision::from_word(flow_choose(first, second, third, hashes))?;
    Decision::from_word(flow_admit(first, second, third, hashes, chosen.backend.into()))
}

/// Takes in a backend's packet; whether a connection has ended.
#[inline(always)]
pub(crate) fn answered(key: &FlowKey, hash: u32, segment: Segment) -> bool {
    let [first, second, third] = Key::new(key).words();
    flow_answered(first, second, third, hash.into(), segment.bits().into()) != 0
}

/// Global functions, which the verifier looks at once and not from every state in which they are called, and which share
/// what there is of the stack. Their arguments are numbers: what pointers point at would have to be proven again.
mod global {
    use xdp_lb_common::{
        DropReason,
        control::Control,
        track::{self, Decision, Flow, Key, Segment},
    };

    use super::Maps;
    use crate::{control, service};

    /// Calls `then` with a flow made of numbers.
    #[inline(always)]
    fn with(
        words: [u64; 3],
        hashes: u64,
        then: impl FnOnce(&Control, Flow<'_>) -> Result<Decision, DropReason>,
    ) -> u64 {
        let key = Key::from_words(words).flow();
        let (hash, slot_hash) = (hashes as u32, (hashes >> 32) as u32);
        let decision = control::get().and_then(|control| {
            let service = service::get(key.service)?;
            let slot = service::slot(service.slot_of(slot_hash)).ok_or(DropReason::Inconsistent)?;
            then(control, Flow { key: &key, hash, slot_hash, slot, service })
        });
        Decision::word(decision)
    }

    #[unsafe(no_mangle)]
    #[inline(never)]
    pub(super) extern "C" fn flow_look_up(
        first: u64,
        second: u64,
        third: u64,
        hashes: u64,
        bits: u64,
    ) -> u64 {
        with([first, second, third], hashes, |control, flow| {
            track::look_up(&Maps, &control.tables(), control.now, flow, Segment::new(bits as u8))
        })
    }

    #[unsafe(no_mangle)]
    #[inline(never)]
    pub(super) extern "C" fn flow_choose(first: u64, second: u64, third: u64, hashes: u64) -> u64 {
        with([first, second, third], hashes, |control, flow| {
            let backend = track::choose(&Maps, &control.tables(), control.now, flow)?;
            Ok(Decision::of(backend))
        })
    }

    #[unsafe(no_mangle)]
    #[inline(never)]
    pub(super) extern "C" fn flow_admit(
        first: u64,
        second: u64,
        third: u64,
        hashes: u64,
        backend: u64,
    ) -> u64 {
        with([first, second, third], hashes, |control, flow| {
            track::admit(&Maps, &control.tables(), control.now, flow, backend as u32)
        })
    }

    #[unsafe(no_mangle)]
    #[inline(never)]
    pub(super) extern "C" fn flow_answered(first: u64, second: u64, third: u64, hash: u64, bits: u64) -> u64 {
        let key = Key::from_words([first, second, third]).flow();
        let ended = control::get().and_then(|control| {
            track::answered(&Maps, &control.tables(), &key, hash as u32, Segment::new(bits as u8))
        });
        // What a reply says of its connection does not keep it from its client.
        ended.unwrap_or(false).into()
    }
}
