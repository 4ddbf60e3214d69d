//! The task that reads the counters every few seconds.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::watch, task::spawn_blocking, time::sleep};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{
    Known,
    sample::{self, Identity, Sample, Samples},
};
use crate::{
    control::Handle,
    dataplane::{DataplaneError, Reader},
    model::{Status, Traffic},
};

/// Shortest time between two samples: long enough for a rate of a few packets to mean something.
const SHORTEST: Duration = Duration::from_secs(2);

/// Longest time between two samples, whatever they cost.
const LONGEST: Duration = Duration::from_secs(30);

/// A sample takes no more than one part in so many of a CPU's time. It is a system call for each backend: with two CPUs
/// 0.9 µs, or 60 ms for 65,536 backends, which are then read every three seconds.
const THRIFT: u32 = 50;

/// Publishes rates until `stop`.
pub async fn run(
    handle: Handle,
    reader: Arc<Reader>,
    publisher: watch::Sender<Arc<Known>>,
    stop: CancellationToken,
) {
    let mut before = Samples::new();
    loop {
        let (status, reader) = (handle.status(), Arc::clone(&reader));
        let round = spawn_blocking(move || {
            let start = Instant::now();
            let after = read(&status, &reader)?;
            let known = sample::known(&before, &after);
            Ok::<_, DataplaneError>((after, known, start.elapsed()))
        });
        let wait = match round.await {
            Ok(Ok((after, known, cost))) => {
                before = after;
                publisher.send_replace(Arc::new(known));
                pause(cost)
            }
            failed => {
                let error = match failed {
                    Ok(failed) => failed.err().map(|error| format!("{:#}", anyhow::Error::from(error))),
                    Err(error) => Some(error.to_string()),
                };
                warn!(error, "counters cannot be read: no rates are shown");
                before = Samples::new();
                publisher.send_replace(Arc::default());
                LONGEST
            }
        };
        tokio::select! {
            () = sleep(wait) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// What all backends of a status have counted by now.
fn read(status: &Status, reader: &Reader) -> Result<Samples, DataplaneError> {
    let mut samples = Samples::new();
    for service in &status.services {
        for backend in &service.backends {
            let (counted, at) = (reader.backend(backend.index)?, Instant::now());
            let whose = Identity::of(&service.name, backend);
            samples.insert(backend.index, Sample { whose, at, counted: Traffic::from(&counted) });
        }
    }
    Ok(samples)
}

/// How long to wait after a sample that took this long.
fn pause(cost: Duration) -> Duration {
    cost.saturating_mul(THRIFT).clamp(SHORTEST, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dear_samples_are_rare_ones() {
        for (cost, seconds) in [(0, 2), (40, 2), (60, 3), (200, 10), (10_000, 30)] {
            assert_eq!(pause(Duration::from_millis(cost)), Duration::from_secs(seconds), "{cost} ms");
        }
    }
}
