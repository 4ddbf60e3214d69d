//! Which backend a new connection gets.

use super::Memory;
use crate::{
    DropReason,
    load::{Load, Terms},
    service::{Algorithm, Policy, Service},
    slot::{NO_BACKEND, Slot},
};

/// How many slots are drawn, at most, for two different backends, or for one that may have another connection. Few enough for
/// the compiler to unroll the loop: kernel 6.1 takes some loops for endless ones.
const DRAWS: u32 = 8;

/// What a handshake takes at most, in microseconds, as far as algorithms are concerned: a second.
const SLOWEST: u64 = 1 << 20;

/// Connections of a backend at most, as far as response times are weighed with them.
const MOST: u64 = 1 << 19;

/// A new connection's flow.
#[derive(Clone, Copy)]
pub(super) struct Newcomer<'a> {
    pub(super) service: &'a Service,
    pub(super) index: u32,
    /// The slot that its hash selects.
    pub(super) slot: Slot,
    pub(super) hash: u32,
}

/// What a backend has and may have.
#[derive(Clone, Copy)]
pub(super) struct Burden {
    pub(super) terms: Terms,
    live: u64,
    pending: u64,
    response: u64,
}

impl Burden {
    #[inline(always)]
    pub(super) fn of(load: Load<'_>) -> Self {
        // Several CPUs count: a moment's minus is nothing.
        let count = |word: u64| if word.cast_signed() < 0 { 0 } else { word };
        Self {
            terms: Terms::from_word(load.terms().load()),
            live: count(load.live().load()),
            pending: count(load.pending().load()),
            response: load.response().load(),
        }
    }

    /// Whether it may not have another connection. Those that are being opened fill a quarter of what is allowed at
    /// most: a flood of SYNs shall not keep everybody out.
    #[inline(always)]
    pub(super) const fn is_full(self) -> bool {
        let limit = self.terms.limit as u64;
        let most = limit.div_ceil(4);
        let pending = if self.pending < most { self.pending } else { most };
        limit != 0 && self.live + pending >= limit
    }

    /// What another connection costs there, before its share is taken into account: connections, or the time that a
    /// handshake takes for each of them, as peak-EWMA balancers have it. Under 2^40.
    #[inline(always)]
    fn cost(self, algorithm: Algorithm) -> u64 {
        let connections = self.live + self.pending + 1;
        if matches!(algorithm, Algorithm::LeastResponseTime) {
            self.response.clamp(1, SLOWEST) * connections.min(MOST)
        } else {
            connections
        }
    }
}

/// Chooses a backend, by the service's algorithm.
#[inline(always)]
pub(super) fn choose<M: Memory>(memory: &M, newcomer: Newcomer<'_>) -> Result<u32, DropReason> {
    let policy = newcomer.service.policy();
    match policy.algorithm {
        Algorithm::RoundRobin => next(memory, policy, newcomer),
        Algorithm::Maglev | Algorithm::LeastConnections | Algorithm::LeastResponseTime => {
            draw(memory, policy.algorithm, newcomer)
        }
    }
}

/// The next in the order of the sequence that may have another connection.
#[inline(always)]
fn next<M: Memory>(memory: &M, policy: Policy, newcomer: Newcomer<'_>) -> Result<u32, DropReason> {
    let size = u64::from(newcomer.service.size());
    let turn = memory.turn(newcomer.index).ok_or(DropReason::Inconsistent)?;
    let mut reason = DropReason::NoBackend;
    let mut tries = 0;
    while tries < DRAWS {
        // A size of zero is nobody's; BPF divides by it to zero.
        let at = turn.add(1).checked_rem(size).ok_or(DropReason::Inconsistent)?;
        let slot = memory.slot(policy.sequence.wrapping_add(at as u32)).ok_or(DropReason::Inconsistent)?;
        let backend = slot.owner();
        if backend == NO_BACKEND {
            return Err(reason);
        }
        if !Burden::of(memory.load(backend).ok_or(DropReason::Inconsistent)?).is_full() {
            return Ok(backend);
        }
        reason = DropReason::BackendsFull;
        tries += 1;
    }
    Err(reason)
}

/// The owner of the flow's slot, or, for algorithms that compare, the better one of it and another.
///
/// Slots are drawn, so that a backend comes up as often as its share says. Two different ones are compared: two draws that
/// may be the same would leave a slow backend its share squared whatever it does (a ninth of all connections for one of
/// three).
#[inline(always)]
fn draw<M: Memory>(memory: &M, algorithm: Algorithm, newcomer: Newcomer<'_>) -> Result<u32, DropReason> {
    let mut reason = DropReason::NoBackend;
    let mut first = NO_BACKEND;
    let (mut cost, mut share) = (0u64, 0u64);
    let (mut hash, mut slot) = (newcomer.hash, newcomer.slot);
    let mut tries = 0;
    while tries < DRAWS {
        let backend = slot.owner();
        if backend != NO_BACKEND && backend != first {
            let burden = Burden::of(memory.load(backend).ok_or(DropReason::Inconsistent)?);
            if burden.is_full() {
                reason = DropReason::BackendsFull;
            } else {
                let (own_cost, own_share) = (burden.cost(algorithm), u64::from(burden.terms.share));
                if matches!(algorithm, Algorithm::Maglev) {
                    return Ok(backend);
                }
                if first != NO_BACKEND {
                    let better = own_cost.wrapping_mul(share) < cost.wrapping_mul(own_share);
                    return Ok(if better { backend } else { first });
                }
                (first, cost, share) = (backend, own_cost, own_share);
            }
        }
        hash = scramble(hash);
        slot = memory.slot(newcomer.service.slot_of(hash)).ok_or(DropReason::Inconsistent)?;
        tries += 1;
    }
    if first == NO_BACKEND { Err(reason) } else { Ok(first) }
}

/// Another hash from a hash: Wellons' "lowbias32", a bijection.
#[inline(always)]
const fn scramble(mut x: u32) -> u32 {
    x = x.wrapping_add(0x9e37_79b9);
    x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
    x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}
