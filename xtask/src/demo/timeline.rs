//! Answers and failures over time, as text.

use std::time::Duration;

use super::load::Sample;
use super::world::SERVERS;

const COLUMN: Duration = Duration::from_millis(100);
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A row of columns of a tenth of a second for every server, one for what failed, and one for the marked moments.
pub(super) fn draw(samples: &[Sample], marks: &[(char, Duration)]) -> String {
    let columns = samples.iter().map(|sample| column(sample.ended) + 1).max().unwrap_or(0);
    let mut rows = vec![vec![0_usize; columns]; SERVERS.len() + 1];
    for sample in samples {
        let row = *sample.outcome.as_ref().unwrap_or(&SERVERS.len());
        if let Some(count) = rows.get_mut(row).and_then(|row| row.get_mut(column(sample.ended))) {
            *count += 1;
        }
    }
    let top = rows.iter().flatten().copied().max().unwrap_or(0);
    let names = SERVERS.iter().map(|(name, _)| *name).chain(["failed"]);
    let mut lines: Vec<_> = names
        .zip(&rows)
        .map(|(name, row)| {
            format!("{name:<7} {}", row.iter().map(|count| level(*count, top)).collect::<String>())
        })
        .collect();
    lines.push(format!("        {}", ruler(columns, marks)));
    lines.join("\n")
}

fn column(time: Duration) -> usize {
    (time.as_millis() / COLUMN.as_millis()) as usize
}

/// Nothing is blank, and the least something is visible.
fn level(count: usize, top: usize) -> char {
    if count == 0 {
        return ' ';
    }
    let index = (count * LEVELS.len()).div_ceil(top) - 1;
    LEVELS.get(index).copied().unwrap_or(' ')
}

/// Dots, a bar at every second, letters at the marked moments.
fn ruler(columns: usize, marks: &[(char, Duration)]) -> String {
    let sign = |index: usize| {
        let mark = marks.iter().find(|(_, time)| column(*time) == index).map(|(letter, _)| *letter);
        mark.unwrap_or(if index.is_multiple_of(10) { '|' } else { '·' })
    };
    (0..columns).map(sign).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_shows_its_own() {
        let sample = |millis, outcome| {
            let time = Duration::from_millis(millis);
            Sample { began: time, ended: time, outcome }
        };
        let samples =
            [sample(0, Ok(0)), sample(10, Ok(0)), sample(20, Ok(1)), sample(310, Err("reset".to_owned()))];
        let lines: Vec<_> =
            draw(&samples, &[('K', Duration::from_millis(250))]).lines().map(str::to_owned).collect();
        assert_eq!(lines, ["web-1   █   ", "web-2   ▄   ", "web-3       ", "failed     ▄", "        |·K·"]);
    }
}
