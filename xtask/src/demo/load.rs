//! Requests, one at a time or as a steady load, and what became of them.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use xdp_lb_lab::client::http;
use xdp_lb_lab::{Host, wait};

use super::world::{SERVERS, SERVICES, endpoint};

pub(super) const CLIENTS: u32 = 4;

const TIMEOUT: Duration = Duration::from_secs(2);

/// Between two requests of one client, so that refused ones are not repeated at full speed.
const PAUSE: Duration = Duration::from_millis(2);

/// One request; times count from the beginning of the load.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) began: Duration,
    pub(super) ended: Duration,
    /// Which of [`SERVERS`] answered, or what went wrong.
    pub(super) outcome: Result<usize, String>,
}

/// Asks a service for its page and finds out which server answered.
pub(super) fn request(origin: Instant, server: SocketAddr) -> Sample {
    let began = origin.elapsed();
    let outcome = match http::get(server, "/", TIMEOUT) {
        Ok(page) if page.status == 200 => SERVERS
            .iter()
            .position(|(name, _)| *name == page.text())
            .ok_or_else(|| format!("answered by a stranger, {:?}", page.text())),
        Ok(page) => Err(format!("HTTP status {}", page.status)),
        Err(failure) => Err(failure.to_string()),
    };
    Sample { began, ended: origin.elapsed(), outcome }
}

/// How many answers each server gave.
pub(super) type Answers = [u32; SERVERS.len()];

/// Counts them.
pub(super) fn answers<'a>(samples: impl IntoIterator<Item = &'a Sample>) -> Answers {
    let mut counts = Answers::default();
    for index in samples.into_iter().filter_map(|sample| sample.outcome.as_ref().ok()) {
        if let Some(count) = counts.get_mut(*index) {
            *count += 1;
        }
    }
    counts
}

/// How many requests failed, by kind: `12 connection refused, 1 timed out`.
pub(super) fn failures<'a>(samples: impl IntoIterator<Item = &'a Sample>) -> String {
    let mut kinds = BTreeMap::<&str, usize>::new();
    for kind in samples.into_iter().filter_map(|sample| sample.outcome.as_ref().err()) {
        *kinds.entry(kind).or_default() += 1;
    }
    let kinds: Vec<_> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") }
}

/// Several clients, each asking the services in turn until told to stop.
pub(super) struct Load {
    origin: Instant,
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Result<Vec<Sample>>>>,
}

impl Load {
    pub(super) fn start(client: &Host) -> Self {
        let origin = Instant::now();
        let stop = Arc::new(AtomicBool::new(false));
        let clients = (0..CLIENTS)
            .map(|_| {
                let (host, stop) = (client.clone(), Arc::clone(&stop));
                thread::spawn(move || host.enter(|| ask_until(&stop, origin)))
            })
            .collect();
        Self { origin, stop, clients }
    }

    /// The time since its beginning.
    pub(super) fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }

    /// Stops, and returns what became of every request, by the time of its end.
    pub(super) fn finish(mut self) -> Result<Vec<Sample>> {
        self.stop.store(true, Ordering::Relaxed);
        let mut samples = Vec::new();
        for client in self.clients.drain(..) {
            let client = client.join().map_err(|_panic| anyhow!("a client thread panicked"))?;
            samples.extend(client?);
        }
        samples.sort_by_key(|sample| sample.ended);
        Ok(samples)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn ask_until(stop: &AtomicBool, origin: Instant) -> Result<Vec<Sample>> {
    let services = SERVICES.map(|(_, vip): (_, IpAddr)| endpoint(vip));
    let mut samples = Vec::new();
    for service in services.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        wait::check()?;
        samples.push(request(origin, *service));
        thread::sleep(PAUSE);
    }
    Ok(samples)
}
