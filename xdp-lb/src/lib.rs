//! The daemon and the command line of xdp-lb.

pub mod config;
pub mod net;
