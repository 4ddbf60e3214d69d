//! What the XDP programs and the daemon must agree on: map layouts, and the pure logic that both sides run.
//!
//! Everything here is `no_std`, free of I/O and tested on the host. Values that travel in packets keep their
//! network byte order, as [`Be16`]; everything else is in host order.
#![cfg_attr(not(test), no_std)]
#![cfg_attr(target_arch = "bpf", feature(asm_experimental_arch))]

mod abi;
pub mod atomic;
pub mod backend;
mod be;
pub mod checksum;
pub mod control;
pub mod counters;
pub mod endpoint;
pub mod flow;
pub mod limit;
pub mod load;
pub mod map;
pub mod mix;
pub mod neighbour;
mod reason;
pub mod service;
pub mod slot;
pub mod track;

pub use abi::ABI;
pub use be::Be16;
pub use reason::DropReason;
