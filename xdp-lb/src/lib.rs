//! The daemon and the command line of xdp-lb.

pub mod config;
pub mod control;
pub mod dataplane;
pub mod health;
pub mod model;
pub mod net;
pub mod slots;
