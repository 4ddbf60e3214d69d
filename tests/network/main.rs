//! The real daemon between real clients and real servers, in network namespaces.
//!
//! [`world`] has what every test starts from; the other files are one subject each.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot be set up fails")]

mod service;
mod world;

mod detach;
mod dsr;
mod health;
mod maps;
mod moves;
mod nat;
mod reload;
mod reload_refused;
mod start_refused;
mod survival;
mod weights;
