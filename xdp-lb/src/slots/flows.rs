//! How many flows a moving slot has in the flow table. Pure.

use super::budget::room;

/// Weight of a new observation in the moving average.
const ALPHA: f64 = 0.25;

/// How much more flows are, at least, if some found no room in a table with more in it than there should be.
const MANY: f64 = 2.0;
/// The same of a table in which there is room: some places were just unlucky.
const FEW: f64 = 1.25;

/// What is in the flow table.
#[derive(Clone, Copy, Debug)]
pub struct Occupancy {
    /// Entries that there were thought to be.
    pub thought: f64,
    /// Entries.
    pub noted: u32,
    /// Entries that it is made for.
    pub capacity: u32,
}

impl Occupancy {
    /// Whether there is more in it than moves may take.
    fn is_crowded(&self) -> bool {
        f64::from(self.noted) > room(self.capacity)
    }
}

/// Flows that moving slots of a service have in the flow table, on average.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Flows {
    /// On a slot whose window is about to end: all that it has. `None`: nothing is known.
    away: Option<f64>,
    /// The same as connection counters have it.
    counted: Option<f64>,
    /// On a slot that settles: those that its owner does not have.
    settling: Option<f64>,
    /// How many the service has on all slots, if every one is noted whether its slot moves or not.
    all: Option<u32>,
}

impl Flows {
    /// Takes in that `slots` slots had so many flows when their windows ended.
    pub fn observe(&mut self, flows: u32, slots: u32) {
        if slots > 0 {
            let mean = f64::from(flows) / f64::from(slots);
            self.away = Some(self.away.map_or(mean, |average| average + ALPHA * (mean - average)));
        }
    }

    /// Takes in that `slots` settling slots have so many flows.
    pub fn observe_settling(&mut self, flows: u32, slots: u32) {
        if slots > 0 {
            self.settling = Some(f64::from(flows) / f64::from(slots));
        }
    }

    /// Takes in that a service of `slots` slots has so many connections. It counts until something has been observed.
    pub fn count(&mut self, connections: u32, slots: u32) {
        self.counted = Some(f64::from(connections) / f64::from(slots.max(1)));
    }

    /// Whether connections need not be counted.
    #[must_use]
    pub const fn is_observed(&self) -> bool {
        self.away.is_some() || self.all.is_some()
    }

    /// Takes in how many flows of a service are noted that has all of them noted; `None`: it has not. Its moves then take
    /// nothing more.
    pub const fn all_noted(&mut self, flows: Option<u32>) {
        self.all = flows;
    }

    /// Takes in that flows found no room. `away`: how many slots of this service are.
    pub(super) fn were_more(&mut self, table: Occupancy, away: u32) {
        if away == 0 || self.all.is_some() {
            return;
        }
        let (noted, least) = (f64::from(table.noted), if table.is_crowded() { MANY } else { FEW });
        self.away = Some(match self.per_slot() {
            Some(known) if known > 0.0 && table.thought > 0.0 => known * (noted / table.thought).max(least),
            Some(_) | None => least * noted / f64::from(away),
        });
    }

    /// Entries that this many slots take.
    pub(super) fn taken(&self, away: u32, settling: u32) -> f64 {
        if let Some(all) = self.all {
            return f64::from(all);
        }
        let per_slot = self.per_slot().unwrap_or(0.0);
        f64::from(away) * per_slot + f64::from(settling) * self.settling.unwrap_or(per_slot)
    }

    /// How many slots that are away fit into so many entries, beside `settling` others; at least one, so that every move
    /// is made some time.
    pub(super) fn slots_in(&self, room: f64, settling: u32) -> u32 {
        let Some(per_slot) = self.per_slot() else { return u32::MAX };
        let room = room - self.taken(0, settling);
        // A quotient that is too large, or none, becomes the largest number.
        #[expect(clippy::cast_sign_loss, reason = "what is below zero becomes zero")]
        let slots = if per_slot > 0.0 { (room / per_slot) as u32 } else { u32::MAX };
        slots.max(1)
    }

    fn per_slot(&self) -> Option<f64> {
        if self.all.is_some() { None } else { self.away.or(self.counted) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(flows: &Flows, away: u32, settling: u32, expected: f64) {
        let taken = flows.taken(away, settling);
        assert!((taken - expected).abs() < 1e-6, "{taken} entries, {expected} expected");
    }

    #[test]
    fn what_is_observed_counts_more_than_what_is_counted() {
        let mut flows = Flows::default();
        assert_eq!(flows.slots_in(0.0, 7), u32::MAX, "nothing is known: no limit");
        flows.count(0, 100);
        assert_eq!(flows.slots_in(0.0, 0), u32::MAX);
        flows.count(1000, 100);
        assert_eq!(
            (flows.slots_in(205.0, 0), flows.slots_in(205.0, 10), flows.slots_in(-1e9, 0)),
            (20, 10, 1)
        );
        flows.observe(40, 2);
        assert_eq!(flows.slots_in(205.0, 0), 10);
        check(&flows, 3, 1, 80.0);
        flows.observe_settling(10, 5);
        assert_eq!(flows.slots_in(205.0, 10), 9);
        check(&flows, 3, 10, 80.0);
        flows.observe(30, 5);
        check(&flows, 1, 0, 16.5);
    }

    #[test]
    fn moves_of_what_is_noted_anyway_take_nothing_more() {
        let mut flows = Flows::default();
        flows.observe(40, 2);
        flows.all_noted(Some(500));
        check(&flows, 9, 3, 500.0);
        assert_eq!((flows.slots_in(0.0, 0), flows.is_observed()), (u32::MAX, true));
        flows.all_noted(None);
        check(&flows, 1, 0, 20.0);
    }

    #[test]
    fn what_does_not_fit_was_more_than_thought() {
        let mut flows = Flows::default();
        let table = |thought, noted| Occupancy { thought, noted, capacity: 1500 };
        flows.were_more(table(0.0, 500), 50);
        check(&flows, 1, 0, 12.5);
        flows.were_more(table(500.0, 1500), 25);
        check(&flows, 1, 0, 37.5);
        flows.were_more(table(2000.0, 1000), 25);
        check(&flows, 1, 0, 75.0);
        flows.were_more(table(2000.0, 100), 25);
        check(&flows, 1, 0, 93.75);
        flows.were_more(table(2000.0, 1000), 0);
        check(&flows, 1, 0, 93.75);
    }
}
