//! `xdp-lb simulate`.

use std::{fs, io::IsTerminal as _, path::PathBuf, time::Duration};

use anyhow::{Context as _, ensure};
use clap::Args;
use comfy_table::{CellAlignment, Table, presets::NOTHING};
use indicatif::{ProgressBar, ProgressStyle};

use super::output;
use crate::{
    config::{self, Config},
    dataplane::{Needs, Sizes},
    simulate::{self, AnyHost, Lifetimes, Outcome, Report, Scenario, Traffic},
};

/// Options of `simulate`.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The configuration file: services, backends, weights, `drain_timeout`, `[datapath.capacity] flows`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Without a configuration: one service with so many backends of weight 10.
    #[arg(long, value_name = "N", default_value_t = 468, conflicts_with = "config")]
    backends: u32,
    /// What happens to backends: lines of TIME VERB SERVICE BACKEND, such as "1m30s drain web web-1". The verbs: drain,
    /// ready, weight (with the new one behind the backend), add (an address, and a weight if it is not 1), remove, down, up.
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// Random changes, beside those of the file: of ten, four drain a backend or make one ready again, three change a
    /// weight, two remove a backend or add another, one lets a backend fail or come back. Without it and without
    /// `--events`: 10.
    #[arg(long, value_name = "N")]
    changes_per_minute: Option<f64>,
    /// How long, in simulated time.
    #[arg(long, default_value = "10m", value_parser = humantime::parse_duration)]
    duration: Duration,
    /// Connections at any time: where one ends, another is opened.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    connections: u32,
    /// How long a connection lives, on average.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = humantime::parse_duration)]
    lifetime: Duration,
    /// How lifetimes are distributed.
    #[arg(long, value_enum, default_value_t = Lifetimes::Exponential)]
    lifetimes: Lifetimes,
    /// How often a connection's client sends a packet, on average.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = humantime::parse_duration)]
    packet_interval: Duration,
    /// How much that varies: with 0.5, from half of it to one and a half.
    #[arg(long, value_name = "PART", default_value_t = 0.5, value_parser = part)]
    jitter: f64,
    /// Entries of the flow table, and of the LRU table that is compared; by default as configured.
    #[arg(long, value_name = "N")]
    table_entries: Option<u32>,
    /// What the random numbers begin with: the same seed, the same simulation.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

fn part(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "a number from 0 to 1".to_owned())
}

pub(super) fn execute(options: &Options) -> anyhow::Result<()> {
    let scenario = scenario(options)?;
    let bar = progress(options.duration);
    let report = simulate::run(&scenario, |now| bar.set_position(now.as_secs()));
    bar.finish_and_clear();
    if options.json {
        return output::print(&serde_json::to_string_pretty(&report)?);
    }
    output::print(render(&report).trim_end())
}

fn scenario(options: &Options) -> anyhow::Result<Scenario> {
    let config = configuration(options)?;
    ensure!(!options.packet_interval.is_zero(), "a packet interval of zero: nothing would ever end");
    let traffic = Traffic {
        connections: options.connections,
        lifetimes: options.lifetimes,
        lifetime: options.lifetime,
        interval: options.packet_interval,
        jitter: options.jitter,
    };
    let sizes = Sizes::of(Needs::default(), config.datapath.capacity);
    let entries = options.table_entries.unwrap_or(sizes.flows);
    let mut scenario = Scenario::new(&config.services, traffic, entries, options.duration, options.seed);
    if let Some(file) = &options.events {
        let name = file.display().to_string();
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
        scenario.add_script(&name, &text)?;
    }
    let changes = options.changes_per_minute.unwrap_or(if options.events.is_some() { 0.0 } else { 10.0 });
    if changes > 0.0 {
        scenario.add_churn(changes);
    }
    Ok(scenario)
}

fn configuration(options: &Options) -> anyhow::Result<Config> {
    let loaded = match &options.config {
        Some(file) => config::load(file, &AnyHost),
        None => config::parse("generated", &generated(options.backends), &AnyHost),
    };
    let loaded = loaded.map_err(|report| anyhow::anyhow!("{}", report.render(output::stderr_color())))?;
    Ok(loaded.config)
}

/// A configuration of one service.
fn generated(backends: u32) -> String {
    let head = "[datapath]\ninterfaces = [\"eth0\"]\n[[service]]\nname = \"web\"\nvip = \"192.0.2.1:443\"\n";
    let backend = |number: u32| {
        let [_, b, c, d] = number.to_be_bytes();
        format!(
            "[[service.backend]]\nname = \"web-{number}\"\naddress = \"10.{b}.{c}.{d}:8443\"\nweight = 10\n"
        )
    };
    head.to_owned() + &(1..=backends).map(backend).collect::<Vec<_>>().concat()
}

/// Shown on a terminal only.
fn progress(duration: Duration) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} simulated seconds, {elapsed}, {eta} left");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(duration.as_secs()).with_style(style)
}

fn render(report: &Report) -> String {
    let Report { services, backends, slots, connections, seconds, changes, unavoidable, .. } = report;
    let (seed, outcomes) = (report.seed, &report.outcomes);
    let mut table = Table::new();
    table.load_style(NOTHING).force_no_tty();
    table.set_header(std::iter::once("").chain(outcomes.iter().map(|outcome| outcome.name)));
    let mut row = |name: &str, cell: &dyn Fn(&Outcome) -> String| {
        table.add_row(std::iter::once(name.to_owned()).chain(outcomes.iter().map(cell)));
    };
    let count = |number: u64| number.to_string();
    row("connections opened", &|outcome| count(outcome.opened));
    row("broken on living backends", &|outcome| count(outcome.broken));
    row("lost with their backends", &|outcome| count(outcome.lost));
    row("no backend for them", &|outcome| count(outcome.refused));
    row("packets looked up in a table", &|outcome| percent(ratio(outcome.looked_up, outcome.packets)));
    let only = |is: bool, text: String| if is { text } else { "-".to_owned() };
    row("entries of the table", &|outcome| only(outcome.entries > 0, outcome.entries.to_string()));
    row("of these in use, at most", &|outcome| {
        let used = f64::from(outcome.peak) / f64::from(outcome.entries.max(1));
        only(outcome.entries > 0, percent(used))
    });
    row("slots that changed hands", &|outcome| count(outcome.moved));
    row("slots of a backend off its exact share, at most", &|outcome| format!("{:.1}", outcome.off));
    row("connections off the exact shares, on average", &|outcome| percent(outcome.astray));
    row("slots waiting for room, at most", &|outcome| only(outcome.entries > 0, outcome.waiting.to_string()));
    for column in 1..=outcomes.len() {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let rows: String = table.lines().map(|line| line.trim_end().to_owned() + "\n").collect();
    let causes = outcomes.iter().flat_map(|outcome| {
        let each = outcome.causes.iter();
        each.map(|(cause, count)| format!("{}: {count} broken: {cause}\n", outcome.name))
    });
    let simplified = report.simplified.iter().map(|name| {
        format!("{name} is simulated with `algorithm = \"maglev\"`, without affinity and limits\n")
    });
    format!(
        "{services} services, {backends} backends, {slots} slots, {connections} connections, {seconds} s, {changes} \
         changes that move {unavoidable} slots at least, seed {seed}\n\n{rows}\n{}",
        causes.chain(simplified).collect::<Vec<_>>().concat()
    )
}

#[expect(clippy::cast_precision_loss, reason = "shown with two decimals")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

fn percent(ratio: f64) -> String {
    format!("{:.2}%", ratio * 100.0)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn line(arguments: &[&str]) -> Result<Options, String> {
        let line = Line::try_parse_from(std::iter::once(&"simulate").chain(arguments));
        line.map(|line| line.options).map_err(|error| error.to_string())
    }

    #[test]
    fn a_simulation_from_the_command_line() {
        let options = line(&["--backends", "300", "--connections", "500", "--duration", "5s"]).unwrap();
        let report = simulate::run(&scenario(&options).unwrap(), |_| {});
        assert_eq!((report.backends, report.connections, report.seconds), (300, 500, 5));
        let text = render(&report);
        assert!(text.starts_with("1 services, 300 backends, 30011 slots, 500 connections, 5 s, "), "{text}");
        assert!(text.contains("\n broken on living backends "), "{text}");
        assert!(text.contains(" xdp-lb  LRU table + Maglev  Maglev alone\n"), "{text}");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (arguments, message) in [
            (["--backends=3", "--config=file"], "cannot be used with"),
            (["--jitter=1.5", "--seed=1"], "a number from 0 to 1"),
        ] {
            let error = line(&arguments).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
        let error = scenario(&line(&["--packet-interval=0s"]).unwrap()).unwrap_err().to_string();
        assert!(error.contains("a packet interval of zero"), "{error}");
    }
}
