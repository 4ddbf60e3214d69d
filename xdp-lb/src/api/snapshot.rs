//! The state together with its counters.

use std::sync::Arc;

use tokio::sync::watch;

use crate::{
    control::Handle,
    dataplane::{DataplaneError, Reader},
    model::{DroppedPackets, Rates, Service, Status, Traffic},
    rates::Known,
};

/// Takes snapshots: the published state, with the counters as they are at that moment and the rates as last published.
#[derive(Clone, Debug)]
pub struct Snapshots {
    handle: Handle,
    reader: Arc<Reader>,
    rates: watch::Receiver<Arc<Known>>,
}

impl Snapshots {
    /// Of this owner's state, these counters and these rates.
    #[must_use]
    pub const fn new(handle: Handle, reader: Arc<Reader>, rates: watch::Receiver<Arc<Known>>) -> Self {
        Self { handle, reader, rates }
    }

    /// The owner.
    #[must_use]
    pub const fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Takes one and makes `shown` of it. Reading the counters is a system call for each service and backend, and their
    /// text is long, so both are done aside.
    pub async fn show<T: Send + 'static>(
        &self,
        shown: impl FnOnce(&Status) -> T + Send + 'static,
    ) -> Result<T, String> {
        let (status, reader) = (self.handle.status(), Arc::clone(&self.reader));
        let rates = Arc::clone(&self.rates.borrow());
        let filled = tokio::task::spawn_blocking(move || Ok(shown(&fill(&status, &reader, &rates)?)));
        filled
            .await
            .map_err(|error| error.to_string())?
            .map_err(|error: DataplaneError| format!("{:#}", anyhow::Error::from(error)))
    }
}

fn fill(status: &Status, reader: &Reader, rates: &Known) -> Result<Status, DataplaneError> {
    let mut status = status.clone();
    for service in &mut status.services {
        fill_service(service, reader, rates)?;
    }
    let drops = reader.drops()?.into_iter();
    status.drops = drops
        .map(|(reason, packets)| DroppedPackets {
            reason: reason.label().to_owned(),
            description: reason.description().to_owned(),
            packets,
        })
        .collect();
    Ok(status)
}

fn fill_service(service: &mut Service, reader: &Reader, rates: &Known) -> Result<(), DataplaneError> {
    let mut total = reader.carried(service.index)?;
    for backend in &mut service.backends {
        let counted = reader.backend(backend.index)?;
        backend.traffic = Traffic::from(&counted);
        total.add(&counted);
        backend.rates = rates.of(&service.name, backend);
        let load = reader.load(backend.index);
        (backend.live, backend.pending) = (load.live, load.pending);
        backend.response_seconds = load.response.map(|response| response.as_secs_f64());
    }
    service.traffic = Traffic::from(&total);
    // Not from the total, which what a backend leaves behind can make fall and rise.
    service.rates = Rates::sum(service.backends.iter().map(|backend| backend.rates));
    let lost = reader.service(service.index)?;
    (service.dropped_packets, service.dropped_bytes) = (lost.dropped_packets, lost.dropped_bytes);
    (service.rejected_packets, service.unnoted_flows) = (lost.rejected_packets, lost.unnoted);
    Ok(())
}
