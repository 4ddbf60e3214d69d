//! Reading the configuration again.

use std::time::Duration;

use jiff::Timestamp;
use tracing::warn;

use super::{
    configure::{Configured, configure},
    operate::keep_added,
    owner::Owner,
    plan::plan,
};
use crate::{
    config::{self, Config, ThisHost},
    dataplane::DataplaneError,
    model::Plan,
    net,
};

/// How long answers about the next hops of new backends are waited for.
pub(super) const NEW_ANSWERS: Duration = Duration::from_secs(1);

impl Owner {
    /// Reads the file again and applies it; on an error nothing has changed.
    pub(super) async fn reload(&mut self) -> Result<(), String> {
        let file = self.file.clone();
        let loaded = tokio::task::spawn_blocking(move || config::load(&file, &ThisHost))
            .await
            .map_err(|error| format!("reading the configuration failed: {error}"))?
            .map_err(|report| report.to_string())?;
        if !loaded.warnings.is_empty() {
            warn!("{}", loaded.warnings);
        }
        let mut new = loaded.config;
        fixed(&self.config, &new)?;
        keep_added(&mut new, &self.services);
        let text = |error| format!("{:#}", anyhow::Error::from(error));
        // Asked now: the kernel does not announce programs that others attach by a link.
        let links = net::links().await.map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
        let now = Timestamp::now();
        let configured = configure(&new, &self.services, &self.allocation, now).map_err(text)?;
        // New backends can take their share at once then, instead of some time after the old ones have lost theirs.
        self.answers(&configured.services, NEW_ANSWERS).await;
        let before = std::mem::replace(&mut self.config, new);
        // Before anything else that can fail: it can be undone.
        if let Err(error) = self.attach_all(&links) {
            self.config = before;
            let restored = self.detach_others();
            return Err(restored.err().map_or_else(|| text(error), text));
        }
        self.problems.retain(|name, _| self.config.datapath.interfaces.contains(name));
        self.put_in_force(configured).map_err(text)?;
        self.detach_others().map_err(text)?;
        self.loaded = now;
        self.revision += 1;
        Ok(())
    }
}

impl Owner {
    /// What a configuration would change.
    pub(super) fn plan(&self, mut config: Config) -> Result<Plan, String> {
        fixed(&self.config, &config)?;
        keep_added(&mut config, &self.services);
        let configured = configure(&config, &self.services, &self.allocation, Timestamp::now());
        let configured = configured.map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
        Ok(plan(&self.services, &configured))
    }

    /// Makes a configuration the one in force that differs from the present one in services and backends only.
    pub(super) async fn configure_to(&mut self, config: Config) -> Result<(), DataplaneError> {
        let configured = configure(&config, &self.services, &self.allocation, Timestamp::now())?;
        self.answers(&configured.services, NEW_ANSWERS).await;
        self.config = config;
        self.put_in_force(configured)
    }

    fn put_in_force(&mut self, configured: Configured) -> Result<(), DataplaneError> {
        self.install(configured)?;
        self.sync_checks();
        self.sync_targets();
        self.let_go(|_, _| false)
    }
}

/// Refuses changes that a running daemon cannot make.
fn fixed(old: &Config, new: &Config) -> Result<(), String> {
    for (key, same, why) in [
        ("[datapath] pin", old.datapath.pin == new.datapath.pin, "the maps are pinned there"),
        (
            "[datapath] attach",
            old.datapath.attach == new.datapath.attach,
            "changing over leaves a gap in forwarding",
        ),
        (
            "[datapath] hash_seed",
            old.datapath.hash_seed == new.datapath.hash_seed,
            "it moves every connection",
        ),
        ("[api] socket", old.api == new.api, "it is open"),
        ("[metrics] listen", old.metrics == new.metrics, "it is open"),
    ] {
        if !same {
            return Err(format!("{key} cannot be changed by a reload ({why}); restart the daemon"));
        }
    }
    Ok(())
}
