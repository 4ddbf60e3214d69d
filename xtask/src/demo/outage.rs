//! One server dies under load and comes back: what its clients see of it.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use xdp_lb_lab::wait;

use super::load::{self, Answers, Load, Sample};
use super::screen::Screen;
use super::timeline;
use super::world::{SERVERS, SERVICES, World};

/// Which of the servers dies.
const VICTIM: usize = 1;

/// Two checks half a second apart, the second at its time limit, and time to spare on a busy machine.
const DETECTION: Duration = Duration::from_secs(4);

const CALM: Duration = Duration::from_millis(1500);

/// When what happened, from the beginning of the load.
struct Moments {
    killed: Duration,
    seen_down: Duration,
    started: Duration,
    seen_up: Duration,
}

/// Returns what was wrong.
pub(super) fn show(screen: &mut Screen, world: &mut World) -> Result<Vec<String>> {
    let (name, _) = SERVERS[VICTIM];
    screen.step(&format!("{} clients keep asking over IPv4 and IPv6 while {name} is killed", load::CLIENTS));
    let load = Load::start(&world.network.client.host);
    let moments = live_through(screen, world, &load)?;
    let samples = load.finish()?;

    let Moments { killed, seen_down, started, seen_up } = moments;
    let marks = [('K', killed), ('D', seen_down), ('S', started), ('U', seen_up)];
    screen.text(&timeline::draw(&samples, &marks));
    screen
        .line("            a column: 100 ms; K killed, D seen to be down, S started again, U seen to be up");
    let failed = samples.iter().filter(|sample| sample.outcome.is_err());
    let last = failed.clone().map(|sample| sample.ended).max();
    let kinds = load::failures(failed.clone());
    screen.line(&format!("    {} requests, {} failed: {kinds}", samples.len(), failed.count()));
    screen.line(&format!("    from the kill to the balancer's verdict      {}", seconds(seen_down, killed)));
    if let Some(last) = last {
        screen.line(&format!("    from the kill to the last failed request     {}", seconds(last, killed)));
    }
    screen.line(&format!("    from the new start to the balancer's verdict {}", seconds(seen_up, started)));

    let before = load::answers(samples.iter().filter(|sample| sample.ended < killed));
    let after = load::answers(samples.iter().filter(|sample| sample.began > seen_up));
    screen.line(&format!(
        "    {name}'s share of the answers {} before, {} again",
        share(before),
        share(after)
    ));
    Ok(judge(&samples, &moments, after))
}

fn live_through(screen: &mut Screen, world: &mut World, load: &Load) -> Result<Moments> {
    let (name, _) = SERVERS[VICTIM];
    screen.pause("all is well", CALM)?;
    let killed = load.elapsed();
    victim(world)?.kill()?;
    screen.line(&format!("    {name} is killed"));
    let reason = until_health(screen, world, false)?;
    let seen_down = load.elapsed();
    screen.line(&format!("    {name} is seen to be down: {reason}"));
    screen.pause(&format!("without {name}"), CALM)?;
    let started = load.elapsed();
    victim(world)?.restart()?;
    screen.line(&format!("    {name} is started again"));
    let reason = until_health(screen, world, true)?;
    let seen_up = load.elapsed();
    screen.line(&format!("    {name} is seen to be up: {reason}"));
    screen.pause("all is well again", CALM)?;
    Ok(Moments { killed, seen_down, started, seen_up })
}

fn victim(world: &mut World) -> Result<&mut xdp_lb_lab::server::Nginx> {
    world.servers.get_mut(VICTIM).ok_or_else(|| anyhow!("there is no server {VICTIM}"))
}

/// Waits until every service sees the victim up, or down, and returns the reason it gives.
fn until_health(screen: &mut Screen, world: &World, up: bool) -> Result<String> {
    let (name, _) = SERVERS[VICTIM];
    let begin = Instant::now();
    loop {
        let status = world.daemon.status()?;
        let seen = SERVICES.map(|(service, _)| status.backend(service, name));
        let mut reason = String::new();
        let mut all = true;
        for backend in seen {
            let backend = backend?;
            all &= backend.is_up() == up;
            reason.clone_from(&backend.reason);
        }
        if all {
            return Ok(reason);
        }
        ensure!(
            begin.elapsed() < DETECTION,
            "after {DETECTION:?} the balancer has not noticed the change of {name}"
        );
        screen.progress(&format!("waiting for the balancer to notice {name}"));
        wait::sleep(Duration::from_millis(25))?;
    }
}

/// What the victim's death excuses lies between the kill and the balancer's verdict; everything else is a problem.
fn judge(samples: &[Sample], moments: &Moments, after: Answers) -> Vec<String> {
    let excused = |sample: &&Sample| sample.ended >= moments.killed && sample.began <= moments.seen_down;
    let failed = samples.iter().filter(|sample| sample.outcome.is_err());
    let inexcusable: Vec<_> = failed.filter(|sample| !excused(sample)).cloned().collect();
    let mut problems = Vec::new();
    if !inexcusable.is_empty() {
        let kinds = load::failures(&inexcusable);
        problems.push(format!("requests failed while every server in use was alive: {kinds}"));
    }
    if after[VICTIM] == 0 {
        problems.push(format!("{} got no request after its return", SERVERS[VICTIM].0));
    }
    problems
}

fn share(answers: Answers) -> String {
    let total: u32 = answers.iter().sum();
    format!("{:.1} %", 100.0 * f64::from(answers[VICTIM]) / f64::from(total.max(1)))
}

fn seconds(later: Duration, earlier: Duration) -> String {
    format!("{:.2} s", later.saturating_sub(earlier).as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_outage_excuses_failures() {
        let at = Duration::from_millis;
        let moments = Moments { killed: at(100), seen_down: at(200), started: at(300), seen_up: at(400) };
        let check = |began, ended, excused: bool| {
            let sample = Sample { began: at(began), ended: at(ended), outcome: Err("reset".to_owned()) };
            assert_eq!(judge(&[sample], &moments, [1, 1, 1]).is_empty(), excused, "{began}–{ended}");
        };
        check(50, 90, false);
        check(50, 110, true);
        check(150, 160, true);
        check(190, 900, true);
        check(210, 220, false);
        check(310, 320, false);
        assert_eq!(judge(&[], &moments, [1, 0, 1]), ["web-2 got no request after its return"]);
    }
}
