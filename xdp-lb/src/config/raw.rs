//! The file as it is written: optional texts and numbers, each with its place.
//!
//! Texts stay texts here, so that validation can explain what is wrong with them and go on to the next.

use serde::Deserialize;
use toml::Spanned;

/// A string and where it stands.
pub(super) type Text = Spanned<String>;
/// An integer and where it stands.
pub(super) type Number = Spanned<i64>;

/// A file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) datapath: Option<Spanned<RawDatapath>>,
    pub(super) api: Option<RawApi>,
    pub(super) metrics: Option<RawMetrics>,
    pub(super) service: Vec<Spanned<RawService>>,
}

/// `[datapath]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawDatapath {
    pub(super) interfaces: Option<Spanned<Vec<Text>>>,
    pub(super) attach: Option<Text>,
    pub(super) pin: Option<Text>,
    pub(super) hash_seed: Option<Spanned<RawSeed>>,
    pub(super) capacity: RawCapacity,
}

/// `hash_seed`, in either of its forms.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum RawSeed {
    Number(u64),
    Text(String),
}

/// `[datapath.capacity]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawCapacity {
    pub(super) services: Option<Number>,
    pub(super) backends: Option<Number>,
    pub(super) slots: Option<Number>,
    pub(super) flows: Option<Number>,
    pub(super) embryos: Option<Number>,
    pub(super) clients: Option<Number>,
}

/// `[api]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawApi {
    pub(super) socket: Option<Text>,
}

/// `[metrics]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawMetrics {
    pub(super) listen: Option<Text>,
}

/// `[[service]]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawService {
    pub(super) name: Option<Text>,
    pub(super) vip: Option<Text>,
    pub(super) protocol: Option<Text>,
    pub(super) forwarding: Option<Text>,
    pub(super) algorithm: Option<Text>,
    pub(super) affinity: Option<Text>,
    pub(super) affinity_timeout: Option<Text>,
    pub(super) track: Option<Text>,
    pub(super) idle_timeout: Option<Text>,
    pub(super) drain_timeout: Option<Text>,
    pub(super) slow_start: Option<Text>,
    pub(super) panic_threshold: Option<Number>,
    pub(super) no_backend: Option<Text>,
    pub(super) slots: Option<Number>,
    pub(super) health: Option<Spanned<RawHealth>>,
    pub(super) backend: Vec<Spanned<RawBackend>>,
}

/// `[service.health]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawHealth {
    pub(super) r#type: Option<Text>,
    pub(super) port: Option<Number>,
    pub(super) interval: Option<Text>,
    pub(super) timeout: Option<Text>,
    pub(super) rise: Option<Number>,
    pub(super) fall: Option<Number>,
}

/// `[[service.backend]]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawBackend {
    pub(super) name: Option<Text>,
    pub(super) address: Option<Text>,
    pub(super) weight: Option<Number>,
    pub(super) backup: bool,
    pub(super) max_connections: Option<Number>,
}
