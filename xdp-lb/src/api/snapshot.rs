//! The state together with its counters.

use std::sync::Arc;

use crate::{
    control::Handle,
    dataplane::{DataplaneError, Reader},
    model::{DroppedPackets, Service, Status, Traffic},
};

/// Takes snapshots: the published state, with the counters as they are at that moment.
#[derive(Clone, Debug)]
pub struct Snapshots {
    handle: Handle,
    reader: Arc<Reader>,
}

impl Snapshots {
    /// Of this owner's state and these counters.
    #[must_use]
    pub const fn new(handle: Handle, reader: Arc<Reader>) -> Self {
        Self { handle, reader }
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
        let filled = tokio::task::spawn_blocking(move || Ok(shown(&fill(&status, &reader)?)));
        filled
            .await
            .map_err(|error| error.to_string())?
            .map_err(|error: DataplaneError| format!("{:#}", anyhow::Error::from(error)))
    }
}

fn fill(status: &Status, reader: &Reader) -> Result<Status, DataplaneError> {
    let mut status = status.clone();
    for service in &mut status.services {
        fill_service(service, reader)?;
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

fn fill_service(service: &mut Service, reader: &Reader) -> Result<(), DataplaneError> {
    let mut total = reader.carried(service.index)?;
    for backend in &mut service.backends {
        let counted = reader.backend(backend.index)?;
        backend.traffic = Traffic::from(&counted);
        total.add(&counted);
    }
    service.traffic = Traffic::from(&total);
    let lost = reader.service(service.index)?;
    (service.dropped_packets, service.dropped_bytes) = (lost.dropped_packets, lost.dropped_bytes);
    Ok(())
}
