//! What the kernel knows: interfaces, routes, neighbours. The only module that speaks netlink.
//!
//! The balancer forwards without asking the kernel's neighbour code, so the daemon has to know, for every backend,
//! the interface its packets leave by and the MAC address they are sent to, and has to make the kernel keep that
//! neighbour alive. [`Watcher`] does both and publishes the answers as a whole.
//!
//! Bytes become facts in `wire`; facts become next hops in `neighbour`, `table`, `decide` and `resolver`, which are
//! pure; `socket` and `kernel` do the I/O, and `task` owns it all and publishes.

mod decide;
mod kernel;
mod link;
mod neighbour;
mod next_hop;
mod pending;
mod resolver;
mod socket;
mod sysctl;
mod table;
mod task;
mod watcher;
mod wire;

pub use self::{
    link::{Link, XdpAttachment, XdpMode, links},
    next_hop::{DownCause, NextHop, Rejection, Resolved, Unresolved},
    sysctl::{Forwarding, forwarding},
    watcher::Watcher,
};

/// Why the kernel could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// No netlink socket could be opened or subscribed.
    #[error("cannot open a netlink socket")]
    Open(#[source] std::io::Error),
    /// A netlink socket broke.
    #[error("netlink failed")]
    Io(#[from] std::io::Error),
    /// The kernel dropped messages because they were not read fast enough.
    #[error("the kernel dropped netlink messages: the receive buffer was full")]
    Overrun,
    /// The kernel did not answer within five seconds.
    #[error("the kernel did not answer a netlink request in time")]
    Timeout,
    /// The kernel refused a request.
    #[error("the kernel refused to list {what}")]
    Refused {
        /// What was asked for.
        what: &'static str,
        /// The kernel's error.
        #[source]
        source: std::io::Error,
    },
}
