//! How fast backends' counters grow: read every few seconds, apart from the owner of the state.
//!
//! `sample` is pure: from what was counted at two moments to rates. `task` reads the counters.

mod sample;
mod task;

use std::{collections::HashMap, sync::Arc};

use tokio::sync::watch;

use self::sample::Identity;
use crate::model::{Backend, Rates};

pub use self::task::run;

/// Where the rates are published, and read by any number of readers.
#[must_use]
pub fn channel() -> (watch::Sender<Arc<Known>>, watch::Receiver<Arc<Known>>) {
    watch::channel(Arc::default())
}

/// The rates that are known, by the backends' places in the maps.
#[derive(Clone, Debug, Default)]
pub struct Known(HashMap<u32, (Identity, Rates)>);

impl Known {
    /// Those of a backend of the service of this name. `None`: it has not been there for two samples, or its counters
    /// have begun anew.
    #[must_use]
    pub fn of(&self, service: &str, backend: &Backend) -> Option<Rates> {
        let (whose, rates) = self.0.get(&backend.index)?;
        (*whose == Identity::of(service, backend)).then_some(*rates)
    }
}
