//! The owner of the state: takes in the configuration, check results and the kernel's news, and keeps the maps right.
//!
//! Everything else sends it messages or reads what it publishes. [`configure`], [`contents`], [`adopt`] and [`status`]
//! are pure; [`owner`] is the task; [`apply`] is its way to the datapath.

mod adopt;
mod allocation;
mod apply;
mod configure;
mod contents;
mod interfaces;
mod owner;
mod reload;
mod settle;
mod start;
mod state;
mod status;
mod sweep;

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use crate::model::Status;

pub use self::{
    owner::{Ended, Owner},
    start::{StartError, start},
};

/// What the owner can be asked.
#[derive(Debug)]
pub enum Command {
    /// Read the configuration again. The answer is why not, if not.
    Reload(oneshot::Sender<Result<(), String>>),
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
        let (answer, result) = oneshot::channel();
        let ended = "the daemon is ending";
        self.commands.send(Command::Reload(answer)).await.map_err(|_unsent| ended.to_owned())?;
        result.await.map_err(|_unanswered| ended.to_owned())?
    }
}
