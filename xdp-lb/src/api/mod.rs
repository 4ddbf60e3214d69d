//! The runtime API: HTTP/JSON on a Unix socket. Everything the command line asks a daemon goes through it.
//!
//! `GET /v1/status` answers with a [`Status`]; everything else changes something and answers 204, or 404 or 422 with an
//! [`ErrorBody`], nothing having changed.

mod backends;
mod client;
mod plan;
mod server;
mod snapshot;
mod socket;

use serde::{Deserialize, Serialize};

pub use self::{
    backends::{NewBackend, NewWeight},
    client::{Client, ClientError},
    plan::ConfigText,
    server::serve,
    snapshot::Snapshots,
    socket::{Socket, SocketError},
};
pub use crate::model::Status;

/// Path of the status.
pub const STATUS: &str = "/v1/status";
/// Path of the plan.
pub const PLAN: &str = "/v1/plan";
/// Path of the reload.
pub const RELOAD: &str = "/v1/reload";

/// The body of every answer that is not a success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What went wrong, for people.
    pub error: String,
}
