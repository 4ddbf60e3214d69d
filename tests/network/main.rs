//! The real daemon between real clients and real servers, in network namespaces.
//!
//! [`world`] has what every test starts from; the other files are one subject each.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up fails, also in its helpers"
)]

mod echoes;
mod frames;
mod service;
mod world;

mod affinity;
mod algorithms;
mod api;
mod checksums;
mod churn;
mod command_line;
mod continuity;
mod detach;
mod dsr;
mod forwarding;
mod health;
mod interfaces;
mod limits;
mod malformed;
mod maps;
mod metrics;
mod modes;
mod moves;
mod namespaces;
mod nat;
mod next_hop;
mod plan;
mod privileges;
mod rates;
mod reject;
mod reload;
mod reload_refused;
mod room;
mod shares;
mod start_refused;
mod survival;
mod tracked;
mod verbs;
mod weights;
