//! A service's moves: since when, whose windows are over, and what they take of the flow table. Pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use xdp_lb_common::slot::Slot;

use super::{
    budget::is_away,
    flows::{Flows, Occupancy},
};

/// The slots of a service that are moving.
#[derive(Clone, Debug, Default)]
pub struct Moves {
    /// Since when, by position in the table: since their windows were opened, or opened anew.
    since: BTreeMap<u32, Instant>,
    /// How many of them are away.
    away: u32,
    /// Those whose windows have ended since the last sweep: how many flows they have is about to be seen.
    fresh: BTreeSet<u32>,
    flows: Flows,
    /// How many packets' flows could not be noted for want of room so far; `None`: not known yet.
    unnoted: Option<u64>,
    /// When there was one last.
    cramped: Option<Instant>,
    /// When slots were given back for that last.
    relieved: Option<Instant>,
}

impl Moves {
    /// Those of a table of which nobody knows since when its slots move: their windows begin again.
    #[must_use]
    pub fn of(table: &[Slot], now: Instant) -> Self {
        let moving = (0..).zip(table).filter(|(_, slot)| slot.is_moving());
        Self {
            since: moving.map(|(position, _)| (position, now)).collect(),
            away: count_away(table),
            ..Self::default()
        }
    }

    /// Those of `table`, in which each position's slot is what was at `sources`.
    #[must_use]
    pub fn resized(&self, sources: &[u32], table: &[Slot]) -> Self {
        let since = |(position, source): (u32, &u32)| Some((position, *self.since.get(source)?));
        let fresh = (0..).zip(sources).filter(|(_, source)| self.fresh.contains(source));
        Self {
            since: (0..).zip(sources).filter_map(since).collect(),
            fresh: fresh.map(|(position, _)| position).collect(),
            away: count_away(table),
            // As many connections on more slots.
            flows: Flows::default(),
            unnoted: self.unnoted,
            cramped: self.cramped,
            relieved: self.relieved,
        }
    }

    /// How many slots are moving.
    #[must_use]
    pub fn len(&self) -> usize {
        self.since.len()
    }

    /// Whether none is moving.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.since.is_empty()
    }

    /// The positions of slots that are moving.
    pub fn positions(&self) -> impl Iterator<Item = u32> + '_ {
        self.since.keys().copied()
    }

    /// Takes in that `after` takes the place of `before`, which may be shorter.
    pub fn note(&mut self, before: &[Slot], after: &[Slot], now: Instant) {
        let before = before.iter().copied().chain(std::iter::repeat(Slot::default()));
        for ((position, slot), before) in (0..).zip(after).zip(before) {
            if !slot.is_settling() {
                self.fresh.remove(&position);
            }
            if !slot.is_moving() {
                self.since.remove(&position);
            } else if opens(before, *slot) {
                self.since.insert(position, now);
            }
        }
        self.away = count_away(after);
        if self.since.is_empty() {
            self.unnoted = None;
        }
    }

    /// Ends the windows that have been open for `window` and returns the positions of their slots. None ends within
    /// `window` after a flow could not be noted: it may be the one that would be sent astray.
    pub fn end_windows(&mut self, table: &mut [Slot], now: Instant, window: Duration) -> Vec<u32> {
        if self.is_cramped(now, window) {
            return Vec::new();
        }
        let mut over = Vec::new();
        for (&position, since) in &self.since {
            let Some(slot) = table.get_mut(position as usize).filter(|slot| slot.is_open()) else { continue };
            if now.duration_since(*since) >= window {
                self.away -= u32::from(is_away(*slot));
                *slot = slot.settling();
                over.push(position);
            }
        }
        self.fresh.extend(&over);
        over
    }

    /// Takes in for how many packets flows could not be noted so far. If there are more: windows begin again. `true`: the
    /// moves take more of the flow table than was thought, so that some should be taken back.
    pub fn count_unnoted(
        &mut self,
        unnoted: u64,
        table: &[Slot],
        occupancy: Occupancy,
        now: Instant,
        window: Duration,
    ) -> bool {
        if self.unnoted.replace(unnoted).is_none_or(|before| before == unnoted) {
            return false;
        }
        self.cramped = Some(now);
        for (position, since) in &mut self.since {
            if table.get(*position as usize).is_some_and(|slot| slot.is_open()) {
                *since = now;
            }
        }
        // Entries are gone some time after their slots are back.
        if self.relieved.is_some_and(|then| now.duration_since(then) < window) {
            return false;
        }
        self.relieved = Some(now);
        self.flows.were_more(occupancy, self.away);
        self.away > 0
    }

    /// Whether a sweep of the flow table could help: slots settle, or there is no room and some flows may have ended.
    #[must_use]
    pub fn want_sweep(&self, table: &[Slot], now: Instant, window: Duration) -> bool {
        let mut slots = self.since.keys().filter_map(|position| table.get(*position as usize));
        self.is_cramped(now, window) || slots.any(|slot| slot.is_settling())
    }

    fn is_cramped(&self, now: Instant, window: Duration) -> bool {
        self.cramped.is_some_and(|then| now.duration_since(then) < window)
    }

    /// The slots whose windows have ended since this was called last: a sweep that begins now sees all their flows.
    pub fn take_fresh(&mut self) -> BTreeSet<u32> {
        std::mem::take(&mut self.fresh)
    }

    /// How many flows moving slots have in the flow table.
    #[must_use]
    pub const fn flows(&self) -> Flows {
        self.flows
    }

    /// Takes in what else is known of it.
    pub const fn learn(&mut self, flows: Flows) {
        self.flows = flows;
    }

    /// How many entries of the flow table the moves take, as far as is known.
    #[must_use]
    pub fn taken(&self) -> f64 {
        self.flows.taken(self.away, self.since.len() as u32 - self.away)
    }

    /// How many slots may be away while the flow table has room for `room` entries of this service. `flows`: what is
    /// known of it by now.
    #[must_use]
    pub fn allowance(&self, room: f64, flows: Flows, now: Instant, window: Duration) -> u32 {
        let most = flows.slots_in(room, self.since.len() as u32 - self.away);
        // Where there was no room just now, there is none for more.
        if self.is_cramped(now, window) { most.min(self.away.max(1)) } else { most }
    }
}

fn count_away(table: &[Slot]) -> u32 {
    table.iter().filter(|slot| is_away(**slot)).count() as u32
}

/// Whether a window begins where one slot takes the place of another.
fn opens(before: Slot, after: Slot) -> bool {
    let goes_on = before.is_open() && before.generation() == after.generation();
    // While it is at its previous backend, flows from before are not noted.
    let leaves = is_away(after) && !is_away(before);
    if after.is_open() { !goes_on || leaves } else { !before.is_moving() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_mins(1);

    /// A window is opened when `before` becomes `after` after 30 seconds, or goes on.
    #[track_caller]
    fn check(before: Slot, after: Slot, anew: bool) {
        let start = Instant::now();
        let mut moves = Moves::of(&[before], start);
        moves.note(&[before], &[after], start + WINDOW / 2);
        let mut table = [after];
        let over = moves.end_windows(&mut table, start + WINDOW, WINDOW);
        assert_eq!(over.is_empty(), anew, "{before:?} {after:?}");
        assert_eq!(table[0].is_settling(), !anew);
    }

    #[test]
    fn windows_begin_when_unknown_flows_may_be_others() {
        let moving = Slot::default().moving(2, 1);
        check(moving, moving, false);
        check(moving, moving.owned_by(3), false);
        check(moving, moving.owned_by(1), false);
        check(moving.owned_by(1), moving, true);
        check(moving.settling(), moving.settling().reopened(3), true);
        check(moving.stable(2), moving.stable(2).moving(1, 2), true);
    }

    #[test]
    fn slots_at_rest_are_forgotten() {
        let (start, moving) = (Instant::now(), Slot::default().moving(2, 1));
        let mut moves = Moves::of(&[moving, moving.settling()], start);
        assert_eq!((moves.len(), moves.positions().collect::<Vec<_>>()), (2, vec![0, 1]));
        moves.note(&[moving], &[moving.stable(2), moving.settling(), moving], start);
        assert_eq!(moves.positions().collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn no_window_ends_soon_after_a_flow_lacked_room() {
        let start = Instant::now();
        let mut table = [Slot::default().moving(2, 1); 8];
        let mut moves = Moves::of(&table, start);
        let mut flows = moves.flows();
        flows.observe(800, 8);
        moves.learn(flows);
        let late = start + WINDOW / 2;
        let occupancy = Occupancy { thought: 800.0, noted: 1000, capacity: 1000 };
        let count =
            |moves: &mut Moves, unnoted, now| moves.count_unnoted(unnoted, &table, occupancy, now, WINDOW);
        assert!(!count(&mut moves, 5, start), "from before this daemon");
        assert!(!count(&mut moves, 5, start), "no more than before");
        assert!(count(&mut moves.clone(), 6, start) && count(&mut moves, 6, start));
        assert!(!count(&mut moves, 7, late), "again for the same slots");
        assert!(count(&mut moves.clone(), 8, start + WINDOW), "not enough were given back");
        assert!(moves.end_windows(&mut table, start + WINDOW, WINDOW).is_empty());
        let allowed = |moves: &Moves, now| moves.allowance(1e9, moves.flows(), now, WINDOW);
        assert_eq!(allowed(&moves, late), 8);
        assert!(moves.want_sweep(&table, late, WINDOW) && !moves.want_sweep(&table, late + WINDOW, WINDOW));
        assert!(allowed(&moves, late + WINDOW) > 8);
        assert_eq!(moves.end_windows(&mut table, late + WINDOW, WINDOW).len(), 8);
        assert!(moves.want_sweep(&table, late + WINDOW, WINDOW));
        assert_eq!((moves.take_fresh().len(), moves.take_fresh().len()), (8, 0));
    }

    #[test]
    fn a_table_of_twice_the_size_moves_twice_as_many_slots() {
        let (moving, rest) = (Slot::default().moving(2, 1), Slot::default());
        let moves = Moves::of(&[moving, rest], Instant::now());
        assert_eq!(
            moves.resized(&[0, 0, 1, 1], &[moving, moving, rest, rest]).positions().collect::<Vec<_>>(),
            [0, 1]
        );
    }
}
