//! The owner of the state: takes in the configuration, check results and the kernel's news, and keeps the maps right.
//!
//! Everything else sends it messages or reads what it publishes. [`configure`], [`contents`], [`adopt`] and [`status`]
//! are pure; [`owner`] is the task; [`apply`] is its way to the datapath.

mod adopt;
mod allocation;
mod apply;
mod configure;
mod contents;
#[cfg(test)]
mod example;
mod interfaces;
mod operate;
mod owner;
mod plan;
mod reload;
mod room;
mod settle;
mod shares;
mod start;
mod state;
mod status;
pub(crate) mod sweep;
mod tracking;

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    config,
    model::{Plan, Status},
};

pub use self::{
    operate::{Change, Refused},
    owner::{Ended, Owner},
    start::{StartError, start},
};

/// What the owner can be asked.
#[derive(Debug)]
pub enum Command {
    /// Read the configuration again. The answer is why not, if not.
    Reload(oneshot::Sender<Result<(), String>>),
    /// Say what this configuration would change. The answer is why it cannot be, if it cannot.
    Plan(Box<config::Config>, oneshot::Sender<Result<Plan, String>>),
    /// Change the backend of this name or address of the service of this name.
    Change(String, String, Change, oneshot::Sender<Result<(), Refused>>),
    /// Add a backend to the service of this name.
    Add(String, config::Backend, oneshot::Sender<Result<(), Refused>>),
}

/// How others reach the owner.
#[derive(Clone, Debug)]
pub struct Handle {
    commands: mpsc::Sender<Command>,
    status: watch::Receiver<Arc<Status>>,
}

impl Handle {
    /// The state, as published last. Its counters are zero: they are read where they are shown.
    #[must_use]
    pub fn status(&self) -> Arc<Status> {
        Arc::clone(&self.status.borrow())
    }

    /// Reads the configuration again and applies it.
    ///
    /// # Errors
    ///
    /// Why it was refused; nothing has changed then.
    pub async fn reload(&self) -> Result<(), String> {
        self.ask(Command::Reload).await.unwrap_or_else(|ending| Err(ending.to_owned()))
    }

    /// Says what a configuration would change; nothing is applied.
    ///
    /// # Errors
    ///
    /// Why it would be refused.
    pub async fn plan(&self, config: config::Config) -> Result<Plan, String> {
        let answer = self.ask(|answer| Command::Plan(Box::new(config), answer)).await;
        answer.unwrap_or_else(|ending| Err(ending.to_owned()))
    }

    /// Changes a backend.
    ///
    /// # Errors
    ///
    /// Why it was refused; nothing has changed then.
    pub async fn change(&self, service: String, backend: String, change: Change) -> Result<(), Refused> {
        let answer = self.ask(|answer| Command::Change(service, backend, change, answer)).await;
        answer.unwrap_or_else(|ending| Err(Refused::Invalid(ending.to_owned())))
    }

    /// Adds a backend to a service.
    ///
    /// # Errors
    ///
    /// Why it was refused; nothing has changed then.
    pub async fn add(&self, service: String, backend: config::Backend) -> Result<(), Refused> {
        let answer = self.ask(|answer| Command::Add(service, backend, answer)).await;
        answer.unwrap_or_else(|ending| Err(Refused::Invalid(ending.to_owned())))
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, &'static str> {
        let (answer, result) = oneshot::channel();
        let ending = "the daemon is ending";
        self.commands.send(command(answer)).await.map_err(|_unsent| ending)?;
        result.await.map_err(|_unanswered| ending)
    }
}
