//! `xdp-lb plan`.

use std::{fmt::Write as _, fs, path::PathBuf};

use anyhow::Context as _;
use clap::Args;

use super::{SocketOption, block_on, output};
use crate::{
    api::{Client, ConfigText},
    model::{Plan, PlannedService},
};

/// Options of `plan`.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The configuration file.
    file: PathBuf,
    #[command(flatten)]
    socket: SocketOption,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn execute(options: Options) -> anyhow::Result<()> {
    let name = options.file.display().to_string();
    let text = fs::read_to_string(&options.file).with_context(|| format!("cannot read {name}"))?;
    let client = Client::new(options.socket.socket);
    let plan = block_on(async { Ok(client.plan(&ConfigText { name, text }).await?) })?;
    if options.json {
        return output::print(&serde_json::to_string_pretty(&plan)?);
    }
    output::print(render(&plan).trim_end())
}

fn render(plan: &Plan) -> String {
    let mut text = String::new();
    for service in &plan.services {
        let _infallible = writeln!(text, "{}", describe(service));
    }
    for name in &plan.removed {
        let _infallible = writeln!(text, "{name}: removed, with all its connections");
    }
    text
}

fn describe(service: &PlannedService) -> String {
    let PlannedService { name, new, slots, moved, unavoidable, kept, added, removed } = service;
    if *new {
        return format!("{name}: new, {slots} slots, {}", added.join(", "));
    }
    let mut changes = Vec::new();
    if !added.is_empty() {
        changes.push(format!("adds {}", added.join(", ")));
    }
    if !removed.is_empty() {
        changes.push(format!("removes {}", removed.join(", ")));
    }
    if *moved == 0 {
        changes.push(format!("none of {slots} slots moves"));
    } else {
        let share = f64::from(*moved) / f64::from(*slots) * 100.0;
        changes.push(format!("{moved} of {slots} slots move ({share:.1}%), {unavoidable} unavoidably"));
        let lost = moved - kept;
        changes.push(match lost {
            0 => "all connections stay where they are".to_owned(),
            lost => format!("{lost} slots are taken from dead backends or from nobody"),
        });
    }
    format!("{name}: {}", changes.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_in_words() {
        let service = PlannedService {
            name: "web".to_owned(),
            new: false,
            slots: 1000,
            moved: 250,
            unavoidable: 250,
            kept: 250,
            added: vec!["web-4".to_owned()],
            removed: Vec::new(),
        };
        let same = PlannedService { moved: 0, unavoidable: 0, kept: 0, added: Vec::new(), ..service.clone() };
        let new = PlannedService { new: true, ..service.clone() };
        let plan = Plan { services: vec![service, same, new], removed: vec!["old".to_owned()] };
        let expected = "\
web: adds web-4; 250 of 1000 slots move (25.0%), 250 unavoidably; all connections stay where they are
web: none of 1000 slots moves
web: new, 1000 slots, web-4
old: removed, with all its connections
";
        assert_eq!(render(&plan), expected);
    }
}
