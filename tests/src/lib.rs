//! Network laboratory: hosts made of network namespaces, the servers and clients that run on them, and the daemon
//! under test.
//!
//! A [`Lab`] owns everything it makes and removes it on drop, also after a panic; what a killed run left behind is
//! removed by the next one. Nothing here touches the machine's own interfaces, and only processes started here (or
//! found inside a laboratory's own namespaces) are ever ended.
//!
//! The crate does not depend on the balancer: it runs the built binary, as an operator would.

pub mod client;
mod daemon;
mod host;
mod lab;
mod link;
mod namespace;
mod packet;
mod process;
pub mod server;
pub mod status;
mod sweep;
pub mod tools;
pub mod topology;
pub mod wait;

pub use daemon::{Daemon, Setup};
pub use host::Host;
pub use lab::Lab;
pub use link::veth;
pub use packet::PacketSocket;
pub use process::Process;
