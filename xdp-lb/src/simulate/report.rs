//! What a simulation has found out.

use std::collections::BTreeMap;

use serde::Serialize;

/// What a simulation has found out.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Services.
    pub services: usize,
    /// Backends at the start.
    pub backends: usize,
    /// Slots of all services.
    pub slots: u32,
    /// Connections at any time.
    pub connections: u32,
    /// Seconds that were simulated.
    pub seconds: u64,
    /// What happened to backends.
    pub changes: usize,
    /// The least number of slots that had to get other owners.
    pub unavoidable: u64,
    /// Services that were simulated as if they had `algorithm = "maglev"`, without affinity and limits.
    pub simplified: Vec<String>,
    /// What the random numbers began with.
    pub seed: u64,
    /// What each way of balancing made of it: this one first.
    pub outcomes: Vec<Outcome>,
}

/// What a way of balancing made of it.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Which one.
    pub name: &'static str,
    /// Connections that clients opened.
    pub opened: u64,
    /// Of these, those for which there was no backend.
    pub refused: u64,
    /// Connections that broke though their backends were alive.
    pub broken: u64,
    /// Why.
    pub causes: BTreeMap<&'static str, u64>,
    /// Connections whose backends died.
    pub lost: u64,
    /// Packets of clients.
    pub packets: u64,
    /// Of these, those for which a table of connections was asked.
    pub looked_up: u64,
    /// Entries of that table; 0: there is none.
    pub entries: u32,
    /// Most of them that were in use at a time.
    pub peak: u32,
    /// How often a slot got another owner.
    pub moved: u64,
    /// By how many slots a backend was off its exact share at most, after a change.
    pub off: f64,
    /// What part of all connections were not on the backends that should have had them by their shares, on average over
    /// time; hashing alone spreads them unevenly.
    pub astray: f64,
    /// Most slots that waited for room in the table at a time.
    pub waiting: u32,
    /// How long they waited, in seconds, all together.
    pub waited: u64,
}
