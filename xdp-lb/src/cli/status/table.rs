//! The backends of a service, a line each.

use comfy_table::{Attribute, Cell, CellAlignment, Color, Table, presets::NOTHING};
use jiff::Timestamp;

use super::number::{age, rate};
use crate::{
    health::State,
    model::{Admin, Backend, Service},
};

/// Its backends, without the padding that the last column has.
pub(super) fn table(service: &Service, now: Timestamp, color: bool) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    if color {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table.set_header([
        "  BACKEND",
        "ADDRESS",
        "WEIGHT",
        "SHARE",
        "HEALTH",
        "SINCE",
        "LIVE",
        "NEW/S",
        "PACKETS/S",
        "REASON",
    ]);
    for backend in &service.backends {
        table.add_row(row(service, backend, now));
    }
    for column in [2, 3, 5, 6, 7, 8] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// One that gets no packets though it should is marked, with and without colours.
fn row(service: &Service, backend: &Backend, now: Timestamp) -> Vec<Cell> {
    let (health, color, reason) = match (backend.health.state, backend.next_hop.usable) {
        (State::Down, _) => ("down", Color::Red, &backend.health.reason),
        (State::Up | State::Unknown, false) => ("no way", Color::Red, &backend.next_hop.detail),
        (State::Up, true) => ("up", Color::Green, &backend.health.reason),
        (State::Unknown, true) => ("unknown", Color::Yellow, &backend.health.reason),
    };
    let (word, color) = match (backend.leaving, backend.admin) {
        (true, _) => (format!("{health}, leaving"), Color::DarkGrey),
        (false, Admin::Ready) => (health.to_owned(), color),
        (false, admin) => (format!("{health}, {admin}"), Color::Yellow),
    };
    let bad = color == Color::Red;
    let name = Cell::new(format!("{} {}", if bad { '!' } else { ' ' }, backend.name));
    vec![
        if bad { name.fg(color).add_attribute(Attribute::Bold) } else { name },
        Cell::new(&backend.address),
        Cell::new(backend.weight),
        Cell::new(format!("{:.1}%", backend.share * 100.0)),
        Cell::new(word).fg(color).add_attribute(Attribute::Bold),
        Cell::new(age(now.duration_since(backend.health.since))),
        Cell::new(known(service.tracked.then(|| backend.live.to_string()))),
        Cell::new(known(backend.rates.map(|rates| rate(rates.connections_per_second)))),
        Cell::new(known(backend.rates.map(|rates| rate(rates.packets_per_second)))),
        Cell::new(remarks(backend, reason)),
    ]
}

fn known(value: Option<String>) -> String {
    value.unwrap_or_else(|| "-".to_owned())
}

/// The reason of its health, and what else is not as in the configuration.
fn remarks(backend: &Backend, reason: &str) -> String {
    let mut remarks = vec![reason.to_owned()];
    if backend.weight != backend.configured_weight {
        remarks.push(format!("configured weight {}", backend.configured_weight));
    }
    if backend.added {
        remarks.push("added at run time".to_owned());
    }
    if backend.backup {
        remarks.push("backup".to_owned());
    }
    if let Some(part) = backend.slow_start {
        remarks.push(format!("slow start {:.0}%", part * 100.0));
    }
    if backend.giving_up > 0 {
        remarks.push(format!("{} slots move away", backend.giving_up));
    }
    if backend.lingering > 0 {
        remarks.push(format!("{} connections on others' slots", backend.lingering));
    }
    remarks.join("; ")
}
