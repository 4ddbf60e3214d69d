//! Flows on moving slots: the only state that the program keeps, and only there.
#![expect(unsafe_code, reason = "hash map values are reached by raw pointers")]

use aya_ebpf::{macros::map, maps::LruHashMap};
use xdp_lb_common::{
    flow::{Flow, FlowKey},
    slot::{NO_BACKEND, Slot},
};

use crate::backend;

#[map]
static FLOWS: LruHashMap<FlowKey, Flow> = LruHashMap::with_max_entries(1, 0);

/// The backend of a flow whose slot is moving; see [`xdp_lb_common::slot`]. `opens`: the packet is a TCP SYN.
#[inline(always)]
pub(crate) fn backend(key: &FlowKey, hash: u32, slot: Slot, opens: bool, now: u32) -> u32 {
    if let Some(entry) = FLOWS.get_ptr_mut(key) {
        // SAFETY: not null. The entry may be given to another flow under the reader's eyes: the slot does not know what
        // is read then.
        let flow = unsafe { *entry };
        // A client that opens a connection anew has forgotten the one before; one on a dead backend is lost.
        let forgotten = opens && flow.backend != slot.owner();
        if slot.knows(&flow, hash) && !forgotten && backend::serves(flow.backend, key.service) {
            if flow.seen != now {
                // SAFETY: as above; a time stamp on another flow's entry does no harm.
                unsafe { (*entry).seen = now };
            }
            return flow.backend;
        }
    }
    let backend = slot.of_unknown(opens);
    if backend != NO_BACKEND {
        let flow = Flow { backend, seen: now, generation: slot.generation(), hash };
        // There always is room in an LRU map, but for a race; the next packet tries again.
        let _not_noted = FLOWS.insert(key, flow, 0);
    }
    backend
}
