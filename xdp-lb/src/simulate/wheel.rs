//! Who has something to do when: a calendar of steps, with one list for each.

/// A ring of lists of numbers, one for each step ahead.
#[derive(Debug)]
pub(super) struct Wheel {
    steps: Vec<Vec<u32>>,
    /// The step that comes next.
    now: usize,
}

impl Wheel {
    /// For appointments at most `longest` steps ahead.
    pub(super) fn new(longest: usize) -> Self {
        Self { steps: vec![Vec::new(); longest + 1], now: 0 }
    }

    /// Makes an appointment `ahead` steps after the one that comes next, or as late as is possible.
    pub(super) fn add(&mut self, who: u32, ahead: usize) {
        let at = self.now + ahead.min(self.steps.len() - 1);
        let at = if at < self.steps.len() { at } else { at - self.steps.len() };
        self.steps[at].push(who);
    }

    /// Goes on by a step: who is due comes into `due`, whose place in memory is used again. Appointments that are made
    /// then are counted from the step after it.
    pub(super) fn step(&mut self, due: &mut Vec<u32>) {
        due.clear();
        std::mem::swap(&mut self.steps[self.now], due);
        self.now = if self.now + 1 < self.steps.len() { self.now + 1 } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_comes_when_due() {
        let mut wheel = Wheel::new(3);
        let mut due = Vec::new();
        for (who, ahead) in [(1, 0), (2, 2), (3, 3), (4, 9)] {
            wheel.add(who, ahead);
        }
        for expected in [vec![1], vec![], vec![2], vec![3, 4], vec![], vec![7], vec![]] {
            wheel.step(&mut due);
            assert_eq!(due, expected);
            if due == [3, 4] {
                wheel.add(7, 1);
            }
        }
    }
}
