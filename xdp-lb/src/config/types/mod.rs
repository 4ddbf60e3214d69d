//! The validated configuration: what the rest of the daemon works with.

mod service;
mod words;

use std::{net::SocketAddr, path::PathBuf};

use serde::Serialize;

pub use self::{
    service::{Backend, Health, Service},
    words::{Algorithm, Attach, Forwarding, NoBackend, Protocol, Track},
};

/// A whole configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Config {
    /// `[datapath]`.
    pub datapath: Datapath,
    /// `[api]`.
    pub api: Api,
    /// `[metrics]`; `None`: the section is absent and nothing listens.
    pub metrics: Option<Metrics>,
    /// Every `[[service]]`, in the file's order.
    pub services: Vec<Service>,
}

/// Where the programs are attached and pinned, and how large their maps are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Datapath {
    /// Names of the interfaces where clients' and backends' packets arrive; at least one, each once.
    pub interfaces: Vec<String>,
    /// How the program is attached to them.
    pub attach: Attach,
    /// The folder on bpffs that holds maps, programs and links; absolute.
    pub pin: PathBuf,
    /// Seed of the flow hash, shared by the hosts of a fleet; `None`: the daemon chooses one.
    pub hash_seed: Option<u64>,
    /// Sizes of the maps.
    pub capacity: Capacity,
}

/// What the maps must hold, in entries; `None`: derived from the configuration when the program is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Capacity {
    /// Services.
    pub services: Option<u32>,
    /// Backends of all services together.
    pub backends: Option<u32>,
    /// Slots of all services together.
    pub slots: Option<u32>,
    /// Flows that are noted.
    pub flows: Option<u32>,
    /// Connections that are noted while they are being opened.
    pub embryos: Option<u32>,
    /// Clients whose backend is remembered.
    pub clients: Option<u32>,
}

/// `[api]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Api {
    /// The Unix socket of the runtime API; absolute.
    pub socket: PathBuf,
}

/// `[metrics]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Metrics {
    /// Where Prometheus scrapes.
    pub listen: SocketAddr,
}
