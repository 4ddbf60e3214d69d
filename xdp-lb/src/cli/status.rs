//! `xdp-lb status`.

use std::fmt::Write as _;

use clap::Args;
use comfy_table::{Attribute, Cell, CellAlignment, Color, Table, presets::NOTHING};
use jiff::{SignedDuration, Timestamp};

use super::{SocketOption, block_on, output};
use crate::{
    api::{Client, Status},
    health::State,
    model::{Admin, Backend, Service},
};

/// Options of `status`.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    socket: SocketOption,
    /// As JSON, with all counters: the answer of `GET /v1/status`.
    #[arg(long)]
    json: bool,
}

pub(super) fn execute(options: Options) -> anyhow::Result<()> {
    let status = block_on(async { Ok(Client::new(options.socket.socket).status().await?) })?;
    if options.json {
        return output::print(&serde_json::to_string_pretty(&status)?);
    }
    output::print(render(&status, Timestamp::now(), output::stdout_color()).trim_end())
}

/// The whole state as text.
fn render(status: &Status, now: Timestamp, color: bool) -> String {
    let mut text = String::new();
    head(&mut text, status, now);
    for service in &status.services {
        let _infallible = write!(text, "\n{}\n{}", summary(service), table(service, now, color));
    }
    let drops: Vec<_> = status
        .drops
        .iter()
        .filter(|drop| drop.packets > 0)
        .map(|drop| format!("  {:<20} {:>12}  {}", drop.reason, drop.packets, drop.description))
        .collect();
    if !drops.is_empty() {
        let _infallible = writeln!(text, "\ndropped packets\n{}", drops.join("\n"));
    }
    text
}

/// A service in one line.
fn summary(service: &Service) -> String {
    let Service { name, vip, protocol, forwarding, algorithm, slots, traffic, .. } = service;
    let mut text = format!("{name}  {vip} {protocol} {forwarding} {algorithm}, {slots} slots");
    let (moving, waiting) = (service.moving, service.waiting);
    if waiting > 0 {
        let _infallible = write!(text, " ({moving} moving, {waiting} waiting)");
    } else if moving > 0 {
        let _infallible = write!(text, " ({moving} moving)");
    }
    let (packets, connections) = (traffic.packets, traffic.connections);
    let _infallible =
        write!(text, ", {packets} packets, {}, {connections} connections", bytes(traffic.bytes));
    if service.dropped_packets > 0 {
        let _infallible = write!(text, ", {} dropped", service.dropped_packets);
    }
    text
}

fn head(text: &mut String, status: &Status, now: Timestamp) {
    let interfaces: Vec<_> = status
        .interfaces
        .iter()
        .map(|interface| match (&interface.mode, &interface.problem) {
            (Some(mode), _) => format!("{} ({mode})", interface.name),
            (None, Some(problem)) => format!("{} (not attached: {problem})", interface.name),
            (None, None) => format!("{} (not attached)", interface.name),
        })
        .collect();
    let _infallible = writeln!(
        text,
        "xdp-lb {}, process {}, up {}\n{}, revision {}, applied {} ago\ninterfaces {}",
        status.version,
        status.pid,
        age(now.duration_since(status.started)),
        status.config.file,
        status.config.revision,
        age(now.duration_since(status.config.loaded)),
        interfaces.join(", "),
    );
    if let Some(reason) = &status.config.refused {
        let _infallible = writeln!(text, "! the last reload was refused:\n{reason}");
    }
    for warning in &status.warnings {
        let _infallible = writeln!(text, "! {warning}");
    }
}

/// Its backends, without the padding that the last column has.
fn table(service: &Service, now: Timestamp, color: bool) -> String {
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
        "PACKETS",
        "BYTES",
        "CONNS",
        "REASON",
    ]);
    for backend in &service.backends {
        table.add_row(row(backend, now));
    }
    for column in [2, 3, 5, 6, 7, 8] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// One that gets no packets though it should is marked, with and without colours.
fn row(backend: &Backend, now: Timestamp) -> Vec<Cell> {
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
        Cell::new(backend.traffic.packets),
        Cell::new(bytes(backend.traffic.bytes)),
        Cell::new(backend.traffic.connections),
        Cell::new(remarks(backend, reason)),
    ]
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
    if backend.giving_up > 0 {
        remarks.push(format!("{} slots move away", backend.giving_up));
    }
    if backend.lingering > 0 {
        remarks.push(format!("{} connections on others' slots", backend.lingering));
    }
    remarks.join("; ")
}

/// A duration by its two largest units.
fn age(duration: SignedDuration) -> String {
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
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{count} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests;
