//! Numbers, short enough for a table.

use jiff::SignedDuration;

/// A duration by its two largest units.
pub(super) fn age(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m{}s", seconds % 60),
        (0, _, _) => format!("{hours}h{}m", minutes % 60),
        _ => format!("{days}d{}h", hours % 24),
    }
}

/// A number of bytes by its largest decimal unit.
pub(super) fn bytes(count: f64) -> String {
    match scaled(count) {
        (value, "") => format!("{value:.0} B"),
        (value, unit) => format!("{value:.1} {unit}B"),
    }
}

/// Something per second: large ones in thousands, millions and so on.
pub(super) fn rate(per_second: f64) -> String {
    if per_second == 0.0 {
        "0".to_owned()
    } else if per_second < 9.95 {
        format!("{per_second:.1}")
    } else if per_second < 9999.5 {
        format!("{per_second:.0}")
    } else {
        let (value, unit) = scaled(per_second);
        format!("{value:.1}{unit}")
    }
}

/// A number with at most three digits before its point, once rounded to one after it, and the prefix that it then has.
fn scaled(mut value: f64) -> (f64, &'static str) {
    const PREFIXES: [&str; 5] = ["", "k", "M", "G", "T"];
    for prefix in PREFIXES {
        if value < 999.95 {
            return (value, prefix);
        }
        value /= 1000.0;
    }
    (value, "P")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (seconds, text) in
            [(0, "0s"), (59, "59s"), (61, "1m1s"), (3661, "1h1m"), (90_000, "1d1h"), (-5, "0s")]
        {
            assert_eq!(age(SignedDuration::from_secs(seconds)), text);
        }
        for (count, text) in
            [(0.0, "0 B"), (999.0, "999 B"), (1e3, "1.0 kB"), (1_234_567.0, "1.2 MB"), (2e19, "20000.0 PB")]
        {
            assert_eq!(bytes(count), text);
        }
        for (per_second, text) in [
            (0.0, "0"),
            (0.5, "0.5"),
            (9.94, "9.9"),
            (9.96, "10"),
            (1234.5, "1234"),
            (9999.9, "10.0k"),
            (999_960.0, "1.0M"),
            (3_210_000.0, "3.2M"),
        ] {
            assert_eq!(rate(per_second), text);
        }
    }
}
