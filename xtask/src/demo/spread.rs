//! A thousand requests over each address family, and who answered them.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use anyhow::{Result, anyhow};
use xdp_lb_lab::status::Service;
use xdp_lb_lab::{Host, wait};

use super::load::{self, Answers, CLIENTS, Sample};
use super::screen::Screen;
use super::world::{SERVERS, SERVICES, World, endpoint};

const REQUESTS: u32 = 1000;

/// So many answers are one character of a bar.
const UNIT: u32 = 16;

/// Returns what was wrong.
pub(super) fn show(screen: &mut Screen, world: &World) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for (service, vip) in SERVICES {
        let server = endpoint(vip);
        screen.step(&format!("{REQUESTS} HTTP requests to http://{server}/"));
        let origin = Instant::now();
        let samples = send(screen, &world.network.client.host, server)?;
        let failures = load::failures(&samples);
        let seconds = origin.elapsed().as_secs_f64();
        screen.line(&format!("    {} requests in {seconds:.2} s; failed: {failures}", samples.len()));

        let answers = load::answers(&samples);
        screen.text(&table(answers, world.daemon.status()?.service(service)?));
        if samples.iter().any(|sample| sample.outcome.is_err()) {
            problems.push(format!("{service}: of {REQUESTS} requests failed: {failures}"));
        }
        problems.extend(unfair(answers).map(|problem| format!("{service}: {problem}")));
    }
    Ok(problems)
}

/// Sends the requests from several clients at once.
fn send(screen: &mut Screen, client: &Host, server: SocketAddr) -> Result<Vec<Sample>> {
    let origin = Instant::now();
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        let ask = |sender: mpsc::Sender<Sample>| {
            client.enter(|| {
                for _ in 0..REQUESTS / CLIENTS {
                    wait::check()?;
                    sender.send(load::request(origin, server))?;
                }
                Ok(())
            })
        };
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let sender = sender.clone();
                scope.spawn(move || ask(sender))
            })
            .collect();
        // The channel ends with the last client.
        drop(sender);
        let mut samples = Vec::new();
        for sample in receiver {
            samples.push(sample);
            if samples.len() % 20 == 0 {
                screen.progress(&format!("{} of {REQUESTS}", samples.len()));
            }
        }
        for client in clients {
            client.join().map_err(|_panic| anyhow!("a client thread panicked"))??;
        }
        Ok(samples)
    })
}

fn table(answers: Answers, service: &Service) -> String {
    let mut lines = vec!["server  weight    slots  answers    share".to_owned()];
    for ((name, weight), count) in SERVERS.into_iter().zip(answers) {
        let slots = service.backends.iter().find(|backend| backend.name == name).map(|backend| backend.share);
        let slots = slots.map_or_else(|| "?".to_owned(), |share| format!("{:.1} %", 100.0 * share));
        let share = f64::from(count) / f64::from(REQUESTS);
        let bar = "█".repeat((count / UNIT) as usize);
        lines.push(format!("{name:<6} {weight:>7} {slots:>8} {count:>8} {:>6.1} %  {bar}", 100.0 * share));
    }
    lines.join("\n")
}

/// Who answered is random to the extent that clients' ports are: five standard deviations are not.
fn unfair(answers: Answers) -> Option<String> {
    let total: u32 = answers.iter().sum();
    let weights: u16 = SERVERS.iter().map(|(_, weight)| weight).sum();
    let strange = SERVERS.into_iter().zip(answers).find(|((_, weight), count)| {
        let share = f64::from(*weight) / f64::from(weights);
        let expected = share * f64::from(total);
        (f64::from(*count) - expected).abs() > 5.0 * (expected * (1.0 - share)).sqrt()
    });
    strange.map(|((name, weight), count)| {
        format!("{name} answered {count} of {total}, with weight {weight} of {weights}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_fair_and_equality_is_not() {
        assert_eq!(unfair([180, 320, 500]), None);
        assert_eq!(
            unfair([333, 333, 334]).as_deref(),
            Some("web-1 answered 333 of 1000, with weight 1 of 6")
        );
    }
}
