//! What operators change at run time. Nothing of it is in the file; a reload keeps it, and so do the maps.

use tracing::{info, warn};

use super::{owner::Owner, state::Service};
use crate::{
    config::{self, Config},
    model::Admin,
};

/// A change to one backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// To another admin state.
    Admin(Admin),
    /// To another weight; `None`: back to the configured one.
    Weight(Option<u16>),
    /// Away: it keeps its connections until they end, or at once.
    Remove {
        /// Whatever connections it has.
        now: bool,
    },
}

/// Why a change was refused; nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such thing.
    #[error("{0}")]
    Unknown(String),
    /// It cannot be done.
    #[error("{0}")]
    Invalid(String),
}

impl Owner {
    /// Changes a backend.
    pub(super) async fn change(
        &mut self,
        service: &str,
        backend: &str,
        change: &Change,
    ) -> Result<(), Refused> {
        let (at, position) = self.find(service, backend)?;
        let state = &mut self.services[at].backends[position];
        match *change {
            Change::Admin(admin) => state.operator.admin = admin,
            Change::Weight(weight) => state.operator.weight = weight,
            Change::Remove { now } => return self.remove(at, position, now).await,
        }
        info!(service, backend, ?change, "changed by an operator");
        self.refresh([at]);
        Ok(())
    }

    /// Adds a backend to a service.
    pub(super) async fn add(&mut self, service: &str, backend: config::Backend) -> Result<(), Refused> {
        let at = self.find_service(service)?;
        acceptable(&self.config, &self.services[at].config, &backend)?;
        let mut config = self.config.clone();
        let Some(wanted) = config.services.iter_mut().find(|config| config.name == service) else {
            return Err(Refused::Unknown(format!("there is no service {service}")));
        };
        let address = backend.address;
        info!(service, backend = backend.name, %address, weight = backend.weight, "added by an operator");
        wanted.backends.push(backend);
        self.reconfigure(config).await?;
        // Known from now on as one that the file need not name.
        let added = |backend: &&mut super::state::Backend| backend.config.address == address;
        if let Some(backend) = self.services[at].backends.iter_mut().find(added) {
            backend.operator.added = true;
        }
        self.refresh([at]);
        Ok(())
    }

    async fn remove(&mut self, at: usize, position: usize, now: bool) -> Result<(), Refused> {
        let service = &mut self.services[at];
        let backend = &mut service.backends[position];
        info!(service = service.config.name, backend = backend.config.name, now, "removed by an operator");
        if now {
            backend.operator.admin = Admin::Maint;
        }
        backend.operator.added = false;
        let (name, address) = (service.config.name.clone(), backend.config.address);
        let mut config = self.config.clone();
        for service in config.services.iter_mut().filter(|service| service.name == name) {
            service.backends.retain(|backend| backend.address != address);
        }
        self.reconfigure(config).await
    }

    /// Makes a changed configuration the one in force.
    async fn reconfigure(&mut self, config: Config) -> Result<(), Refused> {
        let text = |error| Refused::Invalid(format!("{:#}", anyhow::Error::from(error)));
        self.configure_to(config).await.map_err(text)
    }

    fn find_service(&self, name: &str) -> Result<usize, Refused> {
        let found = self.services.iter().position(|service| service.config.name == name);
        found.ok_or_else(|| {
            let names: Vec<_> = self.services.iter().map(|service| service.config.name.as_str()).collect();
            Refused::Unknown(format!("there is no service {name}; there are: {}", names.join(", ")))
        })
    }

    /// A backend by its name or its address, with or without its port where that tells it from others.
    fn find(&self, service: &str, backend: &str) -> Result<(usize, usize), Refused> {
        let at = self.find_service(service)?;
        let backends = &self.services[at].backends;
        let has_address = |state: &super::state::Backend| {
            let own = state.config.address;
            backend.parse() == Ok(own) || backend.parse() == Ok(own.ip())
        };
        let by_name = backends.iter().position(|state| state.config.name == backend);
        let mut addressed = backends.iter().enumerate().filter(|(_, state)| has_address(state));
        let found = by_name.or_else(|| match (addressed.next(), addressed.next()) {
            (Some((position, _)), None) => Some(position),
            (Some(_), Some(_)) | (None, _) => None,
        });
        found.map(|position| (at, position)).ok_or_else(|| {
            let names: Vec<_> = backends.iter().map(|backend| backend.config.name.as_str()).collect();
            Refused::Unknown(format!(
                "service {service} has no backend {backend}; it has: {}",
                names.join(", ")
            ))
        })
    }
}

/// Holds a backend to be added to the rules that a configuration's backends are held to.
fn acceptable(config: &Config, service: &config::Service, backend: &config::Backend) -> Result<(), Refused> {
    config::backend_fits(config, service, backend).map_err(Refused::Invalid)
}

/// Adds to a configuration that was read anew what operators had added to the one before.
pub(super) fn keep_added(config: &mut Config, services: &[Service]) {
    for state in services {
        let added = state.backends.iter().filter(|backend| backend.operator.added && !backend.is_leaving());
        let added: Vec<config::Backend> = added.map(|backend| backend.config.clone()).collect();
        let same = |service: &config::Service| {
            service.vip == state.config.vip && service.protocol == state.config.protocol
        };
        let Some(at) = config.services.iter().position(same) else { continue };
        for backend in added {
            let service = &config.services[at];
            if service.backends.iter().any(|known| known.address == backend.address) {
                continue;
            }
            match acceptable(config, service, &backend) {
                Ok(()) => config.services[at].backends.push(backend),
                Err(error) => {
                    warn!(%error, "a backend that an operator had added does not fit the new configuration");
                }
            }
        }
    }
}
