//! The running checks: one task for each backend that has any.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    sync::{Semaphore, mpsc},
    task::AbortHandle,
    time::{Instant, MissedTickBehavior, interval_at},
};

use tracing::warn;

use super::{
    descriptors,
    seldom::Seldom,
    tcp::{self, Outcome},
};

/// What is checked, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where to connect to.
    pub address: SocketAddr,
    /// From the start of one check to the start of the next.
    pub interval: Duration,
    /// How long a check may take.
    pub timeout: Duration,
}

/// One result.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The backend's index.
    pub backend: u32,
    /// What was checked: the index may have been given away since.
    pub target: Target,
    /// What happened, in words.
    pub result: Result<String, String>,
    /// How long that took.
    pub took: Duration,
}

/// The checks that run. Dropping it ends them.
#[derive(Debug)]
pub struct Checks {
    running: HashMap<u32, (Target, AbortHandle)>,
    observations: mpsc::Sender<Observation>,
    shared: Arc<Shared>,
}

/// What all checks have in common.
#[derive(Debug)]
struct Shared {
    /// A permit for each check that may be under way.
    permits: Semaphore,
    most: usize,
    not_asked: Seldom,
    late: Seldom,
}

impl Checks {
    /// No checks yet; what they find goes to `observations`.
    #[must_use]
    pub fn new(observations: mpsc::Sender<Observation>) -> Self {
        let (most, now) = (descriptors::checks(), std::time::Instant::now());
        let (not_asked, late) = (Seldom::new(now), Seldom::new(now));
        let shared = Shared { permits: Semaphore::new(most), most, not_asked, late };
        Self { running: HashMap::new(), observations, shared: Arc::new(shared) }
    }

    /// Makes the running checks those of `wanted`, by backend index. One that stays as it is goes on undisturbed.
    pub fn sync(&mut self, wanted: &HashMap<u32, Target>) {
        self.running.retain(|backend, (target, task)| {
            let stays = wanted.get(backend) == Some(target);
            if !stays {
                task.abort();
            }
            stays
        });
        for (&backend, &target) in wanted {
            self.running.entry(backend).or_insert_with(|| {
                let task =
                    tokio::spawn(run(backend, target, self.observations.clone(), Arc::clone(&self.shared)));
                (target, task.abort_handle())
            });
        }
    }
}

impl Drop for Checks {
    fn drop(&mut self) {
        for (_, task) in self.running.values() {
            task.abort();
        }
    }
}

/// Checks until the owner of the state is gone. Starts somewhere in the first tenth of an interval, so that many
/// backends are not checked in the same instant.
async fn run(backend: u32, target: Target, observations: mpsc::Sender<Observation>, shared: Arc<Shared>) {
    let start = Instant::now() + target.interval.mul_f64(rand::random::<f64>() / 10.0);
    let mut ticks = interval_at(start, target.interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let (result, took) = match shared.check(&target).await {
            (Outcome::Asked(result), took) => (result, took),
            (Outcome::NotAsked(why), _) => {
                if shared.not_asked.may(std::time::Instant::now()) {
                    warn!(%why, "backends cannot be checked and stay as they are: it is this host that fails");
                }
                continue;
            }
        };
        if observations.send(Observation { backend, target, result, took }).await.is_err() {
            return;
        }
    }
}

impl Shared {
    /// Checks when there is a descriptor to do it with, and says how long the check itself took.
    async fn check(&self, target: &Target) -> (Outcome, Duration) {
        let asked = Instant::now();
        let permit = self.permits.acquire().await;
        let waited = asked.elapsed();
        if waited > target.interval && self.late.may(std::time::Instant::now()) {
            warn!(
                at_a_time = self.most,
                ?waited,
                "checks are late: too many wait for their timeout; raise the limit of open files (LimitNOFILE)"
            );
        }
        let began = Instant::now();
        let outcome = tcp::connect(target.address, target.timeout).await;
        let took = began.elapsed();
        drop(permit);
        (outcome, took)
    }
}
