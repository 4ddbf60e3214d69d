//! `cargo xtask demo`: the balancer at work, with real servers, real clients and a real failure.

mod by_hand;
mod load;
mod outage;
mod screen;
mod spread;
mod timeline;
mod world;

use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use xdp_lb_lab::wait;

use screen::Screen;
use world::World;

/// Shows it all; fails if any request to a healthy service did.
pub(crate) fn run() -> Result<()> {
    // An interrupted wait returns an error, so that everything is removed on the ordinary way out.
    ctrlc::set_handler(wait::interrupt).context("cannot handle Ctrl-C")?;
    let begin = Instant::now();
    let mut screen = Screen::new();
    let outcome = show(&mut screen);
    screen.step("the namespaces, servers, daemon and pins are removed");
    let problems = outcome?;
    screen.line(&format!("    {:.1} s in all", begin.elapsed().as_secs_f64()));
    if problems.is_empty() {
        screen.line("    every request to a healthy service was answered");
        return Ok(());
    }
    for problem in &problems {
        screen.line(&format!("    FAILED: {problem}"));
    }
    bail!("the demonstration has found {} problems", problems.len())
}

/// What makes the demonstration fail without ending it is returned.
fn show(screen: &mut Screen) -> Result<Vec<String>> {
    let mut world = World::new(screen)?;
    let mut problems = spread::show(screen, &world)?;
    problems.extend(outage::show(screen, &mut world)?);
    screen.step("xdp-lb status");
    screen.text(&world.daemon.command(&["status"])?);
    screen.step("the same by hand");
    screen.text(&by_hand::write(world.daemon.binary())?);
    Ok(problems)
}
