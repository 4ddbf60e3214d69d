//! What the kernel knows: interfaces, routes, neighbours. The only module that speaks netlink.
//!
//! The balancer forwards without asking the kernel's neighbour code, so the daemon has to know, for every backend,
//! the interface its packets leave by and the MAC address they are sent to, and has to make the kernel keep that
//! neighbour alive. [`Watcher`] does both and publishes the answers as a whole.
//!
//! `wire` turns bytes into facts, `table` and `decide` are pure, `socket` and `watcher` do the I/O.

mod link;
mod next_hop;
mod sysctl;
mod watcher;

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
