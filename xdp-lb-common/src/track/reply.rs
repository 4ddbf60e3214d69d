//! What a backend's packet says of its connection (nat: replies pass here).

use super::{
    Key, Memory, Place, Segment, Side, Stamp, Table, TableSizes,
    decide::{count, forget_opening},
    table,
};
use crate::{DropReason, flow::FlowKey, load::smoothed};

/// Takes in a backend's TCP packet with SYN, FIN or RST on a tracked service; whether a connection has ended.
#[inline(always)]
pub fn answered<M: Memory>(
    memory: &M,
    sizes: &TableSizes,
    key: &FlowKey,
    hash: u32,
    segment: Segment,
) -> Result<bool, DropReason> {
    let own = Key::new(key);
    let opening = segment.has(Segment::ACCEPT | Segment::RST);
    if opening {
        let place = Place::new(hash, key.service, sizes.embryos);
        if let Some(found) = table::find(memory, Table::Embryos, place, &own)? {
            if segment.has(Segment::RST) {
                forget_opening(memory, found)?;
            } else {
                let began = Stamp::from_word(found.bucket.stamp(found.way).load()).since;
                let load = memory.load(found.entry.backend()).ok_or(DropReason::Inconsistent)?;
                load.response()
                    .store(smoothed(load.response().load(), u64::from(memory.micros().wrapping_sub(began))));
            }
            return Ok(false);
        }
    }
    if segment.has(Segment::ACCEPT) {
        return Ok(false);
    }
    let place = Place::new(hash, key.service, sizes.flows);
    let Some(found) = table::find(memory, Table::Flows, place, &own)? else { return Ok(false) };
    let (was, is) = found.advance(Side::Backend, segment, true, place.tag);
    let ended = was && !is;
    if ended {
        count(memory, found.entry.backend(), u64::MAX)?;
    }
    Ok(ended)
}
