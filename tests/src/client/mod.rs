//! Clients. They use the calling thread's network namespace: call them inside [`Host::enter`](crate::Host::enter).

pub mod http;
mod tcp;
mod udp;

use std::fmt;
use std::io::{Error, ErrorKind};

pub use tcp::Conversation;
pub use udp::ask;

/// How a request came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// The connection was refused.
    Refused,
    /// Nobody answered the attempt to connect.
    Connect,
    /// There was no way to the address.
    Unreachable,
    /// The connection stood, but the answer did not come in time.
    Timeout,
    /// The connection was reset.
    Reset,
    /// The answer ended too early, or was not one.
    Short,
}

impl Failure {
    fn connecting(error: &Error) -> Self {
        if timed_out(error) {
            Self::Connect
        } else if matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset) {
            Self::Refused
        } else {
            Self::Unreachable
        }
    }

    fn talking(error: &Error) -> Self {
        if timed_out(error) {
            Self::Timeout
        } else if error.kind() == ErrorKind::UnexpectedEof {
            Self::Short
        } else if error.kind() == ErrorKind::ConnectionRefused {
            // UDP learns of it only after it has sent something.
            Self::Refused
        } else {
            Self::Reset
        }
    }
}

fn timed_out(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Refused => "connection refused",
            Self::Connect => "no answer to connect",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timed out",
            Self::Reset => "connection reset",
            Self::Short => "answer cut short",
        })
    }
}

impl std::error::Error for Failure {}
