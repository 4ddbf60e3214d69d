//! The daemon and the command line of xdp-lb.

pub mod api;
pub mod capabilities;
pub mod cli;
pub mod config;
pub mod control;
pub mod dataplane;
pub mod health;
pub mod metrics;
pub mod model;
pub mod net;
pub mod rates;
pub mod simulate;
pub mod slots;
