//! The simulator: what becomes of connections while backends come and go.
//!
//! It drives the code of the product with millions of connections in simulated time, and beside it, under the same traffic
//! and the same changes, what others do: Maglev tables, without and with an LRU table of connections. Needs neither root
//! nor a daemon.

mod churn;
mod engine;
mod maglev;
mod memory;
mod model;
mod product;
mod random;
mod report;
mod script;
mod traffic;
mod trial;
mod wheel;
mod world;

pub use self::{
    engine::{Scenario, run},
    report::{Outcome, Report},
    script::ScriptError,
    traffic::{Lifetimes, Traffic},
};
use crate::config::Host;

#[cfg(test)]
mod tests;

/// A host on which every configuration fits: the simulation touches no interface.
#[derive(Clone, Copy, Debug)]
pub struct AnyHost;

impl Host for AnyHost {
    fn interface_exists(&self, _name: &str) -> bool {
        true
    }

    fn interfaces(&self) -> Vec<String> {
        Vec::new()
    }
}
