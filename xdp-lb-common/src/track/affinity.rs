//! Clients that keep their backend from one connection to the next.

use super::{Entry, Key, Memory, Place, Stamp, State, Table, choose::Burden, table};
use crate::{DropReason, flow::FlowKey, service::Policy, slot::Slot};

/// A client of a service.
#[derive(Clone, Copy)]
pub(super) struct Client {
    key: Key,
    place: Place,
}

impl Client {
    /// The client of a flow. `hash`: of its address alone; `size`: buckets of the table.
    #[inline(always)]
    pub(super) fn new(key: &FlowKey, hash: u32, size: u32) -> Self {
        let client = FlowKey { ports: 0, ..*key };
        Self { key: Key::new(&client), place: Place::new(hash, key.service, size) }
    }

    /// The backend that it had last, if that takes new connections.
    #[inline(always)]
    pub(super) fn backend<M: Memory>(
        self,
        memory: &M,
        policy: Policy,
        now: u32,
    ) -> Result<Option<u32>, DropReason> {
        let Some(found) = table::find(memory, Table::Clients, self.place, &self.key)? else {
            return Ok(None);
        };
        let stamp = Stamp::from_word(found.bucket.stamp(found.way).load());
        let backend = found.entry.backend();
        if stamp.idle(now) > u32::from(policy.affinity) || !memory.serves(backend, self.key.flow().service) {
            return Ok(None);
        }
        let burden = Burden::of(memory.load(backend).ok_or(DropReason::Inconsistent)?);
        let takes = burden.terms.share > 0 && !burden.is_full();
        Ok(takes.then_some(backend))
    }

    /// Remembers which backend it has. A client that there is no room for is not remembered.
    #[inline(always)]
    pub(super) fn remember<M: Memory>(self, memory: &M, backend: u32, now: u32) -> Result<(), DropReason> {
        let entry = Entry::new(backend, Slot::default(), State::Open, true, self.place.tag);
        if let Some(found) = table::find(memory, Table::Clients, self.place, &self.key)? {
            found.see(now);
            if found.entry != entry {
                // Another CPU notes another of its connections: one of them is as good as the other.
                let _changed = found.change(entry);
            }
            return Ok(());
        }
        let stamp = Stamp { seen: now, since: now };
        let _room = table::insert(memory, Table::Clients, self.place, &self.key, entry, stamp)?;
        Ok(())
    }
}
