//! Which backend a client's packet goes to, where that is noted.

use super::{
    Decision, Entry, Event, Key, Memory, Place, Segment, Side, Stamp, State, Table, TableSizes,
    affinity::Client,
    choose::{self, Newcomer},
    table::{self, Found},
};
use crate::{
    DropReason,
    flow::FlowKey,
    service::{Algorithm, Policy, Service, flag},
    slot::{NO_BACKEND, Slot},
};

/// A packet's flow.
#[derive(Clone, Copy)]
pub struct Flow<'a> {
    /// What it is.
    pub key: &'a FlowKey,
    /// Its hash.
    pub hash: u32,
    /// The hash that selects its slot: the same, or that of the client's address alone where clients keep their backend.
    pub slot_hash: u32,
    /// That slot.
    pub slot: Slot,
    /// Its service.
    pub service: &'a Service,
}

/// Decides a client's packet on a moving slot or of a tracked service: [`look_up`], and for a new connection [`choose`]
/// and [`admit`].
pub fn decide<M: Memory>(
    memory: &M,
    sizes: &TableSizes,
    now: u32,
    flow: Flow<'_>,
    segment: Segment,
) -> Result<Decision, DropReason> {
    let decision = look_up(memory, sizes, now, flow, segment)?;
    if decision.event == Event::New {
        admit(memory, sizes, now, flow, choose(memory, sizes, now, flow)?)
    } else {
        Ok(decision)
    }
}

/// What is known of a client's packet; [`Decision::new`] if it opens a connection that there is room to note.
///
/// # Errors
///
/// [`DropReason::Inconsistent`], as in all of this: a map holds what the daemon never writes.
#[inline(always)]
pub fn look_up<M: Memory>(
    memory: &M,
    sizes: &TableSizes,
    now: u32,
    flow: Flow<'_>,
    segment: Segment,
) -> Result<Decision, DropReason> {
    let policy = flow.service.policy();
    let key = Key::new(flow.key);
    let place = Place::new(flow.hash, flow.key.service, sizes.flows);
    if let Some(found) = table::find(memory, Table::Flows, place, &key)?
        && let Some(decision) = known(memory, policy, now, flow, segment, (found, place.tag))?
    {
        return Ok(decision);
    }
    let nascent = Place::new(flow.hash, flow.key.service, sizes.embryos);
    if let Some(found) = table::find(memory, Table::Embryos, nascent, &key)?
        && let Some(decision) = opening(memory, sizes, now, flow, segment, found)?
    {
        return Ok(decision);
    }
    let unknown = flow.slot.of_unknown(false);
    let tracked = policy.has(flag::TRACKED);
    if !tracked && !policy.has(flag::AFFINITY) && flow.slot.implies(unknown) {
        return Ok(Decision::of(unknown));
    }
    if segment.has(Segment::SYN) || (tracked && segment.has(Segment::UDP)) {
        let new = table::has_room(memory, Table::Flows, place, now)?;
        // What cannot be noted goes where it will be taken for granted, and its next packet tries again.
        return Ok(Decision::with(unknown, if new { Event::New } else { Event::None }));
    }
    if unknown == NO_BACKEND || segment.has(Segment::FIN | Segment::RST) {
        return Ok(Decision::of(unknown));
    }
    let noted = if flow.slot.is_moving() {
        // From before the move, and perhaps silent from now on until its window is over.
        note(memory, sizes, now, flow, unknown, segment)?
    } else {
        note_opening(memory, sizes, now, flow, unknown)?
    };
    Ok(Decision::with(unknown, if noted { Event::None } else { Event::Unnoted }))
}

/// A flow that is in the table; `None`: it has ended or holds no longer, and is out of it.
#[inline(always)]
fn known<M: Memory>(
    memory: &M,
    policy: Policy,
    now: u32,
    flow: Flow<'_>,
    segment: Segment,
    (found, tag): (Found<'_>, u32),
) -> Result<Option<Decision>, DropReason> {
    let entry = found.entry;
    let backend = entry.backend();
    let holds = entry.holds(flow.slot) && memory.serves(backend, flow.key.service);
    // A SYN on a connection that lives is its backend's to answer (RFC 5961, section 4): it may not be the client's.
    let anew = segment.has(Segment::SYN) && entry.live() == 0;
    if !holds || anew {
        if found.bucket.free(found.way, entry) {
            count(memory, backend, entry.live().wrapping_neg())?;
        }
        return Ok(None);
    }
    found.see(now);
    let both_ways = policy.has(flag::BOTH_WAYS) && entry.is_tracked();
    let more = found.advance(Side::Client, segment, both_ways, tag);
    if more != 0 {
        count(memory, backend, more)?;
    }
    let event = if more == u64::MAX { Event::Closed } else { Event::None };
    Ok(Some(Decision::with(backend, event)))
}

/// A flow of which one packet has been seen; `None`: it is to be opened anew.
#[inline(always)]
fn opening<M: Memory>(
    memory: &M,
    sizes: &TableSizes,
    now: u32,
    flow: Flow<'_>,
    segment: Segment,
    found: Found<'_>,
) -> Result<Option<Decision>, DropReason> {
    let backend = found.entry.backend();
    let stamp = Stamp::from_word(found.bucket.stamp(found.way).load());
    // A SYN after so long is not a repeated one.
    let stale = segment.has(Segment::SYN)
        && State::Opening.lifetime().is_some_and(|lifetime| stamp.idle(now) > lifetime);
    let lost = !found.entry.is_opening() && !found.entry.holds(flow.slot);
    if stale || lost || !memory.serves(backend, flow.key.service) {
        forget_opening(memory, found)?;
        return Ok(None);
    }
    let mut decision = Decision::of(backend);
    if segment.has(Segment::RST) {
        forget_opening(memory, found)?;
    } else if segment.has(Segment::SYN) {
        found.see(now);
    } else if !note(memory, sizes, now, flow, backend, segment)? {
        // There was room when it began. Its place among those being opened is kept for it now. If it has changed
        // meanwhile, the next packet does this.
        let _kept = found.change(found.entry.with(State::Open));
        found.see(now);
        decision.event = Event::Unnoted;
    } else {
        decision.event = Event::Opened;
        forget_opening(memory, found)?;
        let policy = flow.service.policy();
        if policy.has(flag::AFFINITY) {
            Client::new(flow.key, flow.slot_hash, sizes.clients).remember(memory, backend, now)?;
        }
    }
    Ok(Some(decision))
}

/// Takes a connection out of those that are being opened.
#[inline(always)]
pub(super) fn forget_opening<M: Memory>(memory: &M, found: Found<'_>) -> Result<(), DropReason> {
    if found.bucket.free(found.way, found.entry) {
        pending(memory, found.entry.backend(), u64::MAX)?;
    }
    Ok(())
}

/// Notes a new connection on the backend that was chosen for it. What cannot be noted goes where an unknown packet would.
#[inline(always)]
pub fn admit<M: Memory>(
    memory: &M,
    sizes: &TableSizes,
    now: u32,
    flow: Flow<'_>,
    backend: u32,
) -> Result<Decision, DropReason> {
    if note_opening(memory, sizes, now, flow, backend)? {
        Ok(Decision::of(backend))
    } else {
        Ok(Decision::of(flow.slot.of_unknown(false)))
    }
}

/// The backend for a new connection: the one that its client had last, or the algorithm's choice.
///
/// # Errors
///
/// There is none, or none that may have another connection.
#[inline(always)]
pub fn choose<M: Memory>(
    memory: &M,
    sizes: &TableSizes,
    now: u32,
    flow: Flow<'_>,
) -> Result<u32, DropReason> {
    let policy = flow.service.policy();
    if policy.has(flag::AFFINITY) {
        let client = Client::new(flow.key, flow.slot_hash, sizes.clients);
        if let Some(backend) = client.backend(memory, policy, now)? {
            return Ok(backend);
        }
    }
    let newcomer =
        Newcomer { service: flow.service, index: flow.key.service, slot: flow.slot, hash: flow.slot_hash };
    choose::choose(memory, newcomer)
}

/// Notes a flow among those that are being opened; `false`: there is no room.
#[inline(always)]
fn note_opening<M: Memory>(
    memory: &M,
    sizes: &TableSizes,
    now: u32,
    flow: Flow<'_>,
    backend: u32,
) -> Result<bool, DropReason> {
    let policy = flow.service.policy();
    let place = Place::new(flow.hash, flow.key.service, sizes.embryos);
    let entry = Entry::new(backend, flow.slot, State::Opening, policy.has(flag::TRACKED), place.tag);
    let measured = matches!(policy.algorithm, Algorithm::LeastResponseTime);
    let stamp = Stamp { seen: now, since: if measured { memory.micros() } else { now } };
    let Some(old) = table::insert(memory, Table::Embryos, place, &Key::new(flow.key), entry, stamp)? else {
        return Ok(false);
    };
    if old.is_opening() {
        pending(memory, old.backend(), u64::MAX)?;
    }
    pending(memory, backend, 1)?;
    Ok(true)
}

/// Notes an established flow after a packet of its client, which may be its last; `false`: there is no room.
#[inline(always)]
fn note<M: Memory>(
    memory: &M,
    sizes: &TableSizes,
    now: u32,
    flow: Flow<'_>,
    backend: u32,
    segment: Segment,
) -> Result<bool, DropReason> {
    let policy = flow.service.policy();
    let place = Place::new(flow.hash, flow.key.service, sizes.flows);
    let tracked = policy.has(flag::TRACKED);
    let entry = Entry::new(backend, flow.slot, State::Open, tracked, place.tag);
    let entry = entry.after(Side::Client, segment, tracked && policy.has(flag::BOTH_WAYS));
    let stamp = Stamp { seen: now, since: now };
    if table::insert(memory, Table::Flows, place, &Key::new(flow.key), entry, stamp)?.is_none() {
        return Ok(false);
    }
    count(memory, backend, entry.live())?;
    Ok(true)
}

/// Adds to a backend's connections; `u64::MAX` takes one away.
#[inline(always)]
pub(super) fn count<M: Memory>(memory: &M, backend: u32, more: u64) -> Result<(), DropReason> {
    memory.load(backend).ok_or(DropReason::Inconsistent)?.live().add(more);
    Ok(())
}

#[inline(always)]
fn pending<M: Memory>(memory: &M, backend: u32, more: u64) -> Result<(), DropReason> {
    memory.load(backend).ok_or(DropReason::Inconsistent)?.pending().add(more);
    Ok(())
}
