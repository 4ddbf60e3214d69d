//! `xdp-lb status`.

mod number;
mod table;

use std::fmt::Write as _;

use clap::Args;
use jiff::Timestamp;

use self::{
    number::{age, bytes, rate},
    table::table,
};
use super::{SocketOption, block_on, output};
use crate::{
    api::{Client, Status},
    model::Service,
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
        let _infallible =
            write!(text, "\n{}\n{}\n{}", title(service), summary(service), table(service, now, color));
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

/// What a service is.
fn title(service: &Service) -> String {
    let Service { name, vip, protocol, forwarding, algorithm, slots, moving, waiting, .. } = service;
    let mut text = format!("{name}  {vip} {protocol} {forwarding} {algorithm}, {slots} slots");
    if *waiting > 0 {
        let _infallible = write!(text, " ({moving} moving, {waiting} waiting)");
    } else if *moving > 0 {
        let _infallible = write!(text, " ({moving} moving)");
    }
    text
}

/// What it does now, and what it has done.
fn summary(service: &Service) -> String {
    let mut now = Vec::new();
    if let Some(live) = service.live() {
        now.push(format!("{live} live"));
    }
    if let Some(pending) = service.pending().filter(|pending| *pending > 0) {
        now.push(format!("{pending} pending"));
    }
    if let Some(rates) = service.rates {
        now.push(format!("{} new/s", rate(rates.connections_per_second)));
        now.push(format!("{} packets/s", rate(rates.packets_per_second)));
        now.push(format!("{}/s", bytes(rates.bytes_per_second)));
    }
    let traffic = &service.traffic;
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let volume = bytes(traffic.bytes as f64);
    let mut so_far =
        format!("so far {} connections, {} packets, {volume}", traffic.connections, traffic.packets);
    if service.dropped_packets > 0 {
        let _infallible = write!(so_far, ", {} dropped", service.dropped_packets);
    }
    if service.rejected_packets > 0 {
        let _infallible = write!(so_far, " ({} rejected)", service.rejected_packets);
    }
    if service.unnoted_flows > 0 {
        let _infallible = write!(so_far, ", {} flows not noted", service.unnoted_flows);
    }
    let now = if now.is_empty() { String::new() } else { now.join(", ") + "; " };
    format!("   {now}{so_far}")
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

#[cfg(test)]
mod tests;
