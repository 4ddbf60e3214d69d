//! The runtime API: HTTP/JSON on a Unix socket. Everything the command line asks a daemon goes through it.
//!
//! `GET /v1/status` answers with a [`Status`]; everything else changes something and answers 204. Every other answer has
//! an [`ErrorBody`], and nothing has changed: 404 (there is no such thing), 422 (it cannot be), 400, 405 and 415 (the
//! request is not one of those that there are), 500 (the daemon failed).

mod backends;
mod client;
mod connections;
mod extract;
mod plan;
mod server;
mod snapshot;
mod socket;

use serde::{Deserialize, Serialize};

pub(crate) use self::connections::serve as serve_connections;
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
