//! `cargo xtask test`: its tiers, cheapest first.

use std::time::{Duration, Instant};

use anyhow::bail;
use xdp_lb_ebpf_builder::Toolchain;

use crate::{
    build::{self, Profile},
    command, lint, say, vm,
    workspace::{Workspace, is_root},
};

/// One tier: its name and what it runs.
type Tier<'a> = (&'a str, &'a dyn Fn() -> anyhow::Result<()>);

/// Runs every tier, also after a failure, so that one run shows all that is wrong.
pub(crate) fn run(workspace: &Workspace, toolchain: &Toolchain) -> anyhow::Result<()> {
    let cargo_test =
        |arguments: &[&str]| command::pass_through(workspace.cargo().arg("test").args(arguments));
    let tiers: [Tier<'_>; 5] = [
        ("lint", &|| lint::run(workspace, toolchain)),
        ("host tests", &|| {
            cargo_test(&["--workspace", "--exclude", "xdp-lb-lab"])?;
            cargo_test(&["--package", "xdp-lb-lab", "--lib"])
        }),
        ("packet tables", &|| {
            need_root()?;
            cargo_test(&["--package", "xdp-lb-lab", "--test", "packets"])
        }),
        ("network tests", &|| {
            need_root()?;
            build::run(workspace, toolchain, Profile::Debug)?;
            cargo_test(&["--package", "xdp-lb-lab", "--test", "lab_self", "--test", "servers_self"])?;
            // One at a time: they measure spreads and times, and namespaces share the machine's CPUs.
            cargo_test(&["--package", "xdp-lb-lab", "--test", "network", "--", "--test-threads=1"])
        }),
        ("other kernels", &|| vm::run(workspace)),
    ];
    let results: Vec<_> = tiers.iter().map(run_tier).collect();
    summary(&results)
}

struct TierResult<'a> {
    name: &'a str,
    elapsed: Duration,
    passed: bool,
}

fn run_tier<'a>((name, body): &Tier<'a>) -> TierResult<'a> {
    say::heading(name);
    let start = Instant::now();
    let result = body();
    let elapsed = start.elapsed();
    match &result {
        Ok(()) => say::line(&format!("{name}: passed in {}", say::seconds(elapsed))),
        Err(error) => say::line(&format!("{name}: FAILED after {}: {error:#}", say::seconds(elapsed))),
    }
    TierResult { name, elapsed, passed: result.is_ok() }
}

fn summary(results: &[TierResult<'_>]) -> anyhow::Result<()> {
    say::heading("summary");
    for result in results {
        let verdict = if result.passed { "passed" } else { "FAILED" };
        say::line(&format!("{verdict}  {:<14} {:>9}", result.name, say::seconds(result.elapsed)));
    }
    let failed: Vec<_> = results.iter().filter(|result| !result.passed).map(|result| result.name).collect();
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

/// These tiers load programs and make network namespaces.
fn need_root() -> anyhow::Result<()> {
    if !is_root() {
        bail!("needs root, to load XDP programs and make network namespaces: run `cargo xtask test` as root");
    }
    Ok(())
}
