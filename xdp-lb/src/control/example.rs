//! Services and backends at work, for tests.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use xdp_lb_common::slot::Slot;

use super::{
    allocation::Region,
    shares::{self, Stage},
    state::{Backend, Operator, Part, Service, Way},
    tracking::Tracking,
};
use crate::{
    config::{self, Algorithm, Forwarding, NoBackend, Protocol, Track},
    health::{Machine, State},
    model::Admin,
    net::Resolved,
    slots::Moves,
};

/// A service with a table; whatever takes time takes 100 seconds.
pub(super) fn service(backends: Vec<Backend>) -> Service {
    let time = Duration::from_secs(100);
    let config = config::Service {
        name: "web".to_owned(),
        vip: ([192, 0, 2, 10], 80).into(),
        protocol: Protocol::Tcp,
        forwarding: Forwarding::Nat,
        algorithm: Algorithm::Maglev,
        affinity: None,
        track: Track::Auto,
        idle_timeout: time,
        slots: None,
        drain_timeout: time,
        slow_start: Some(time),
        panic_threshold: 0,
        no_backend: NoBackend::Drop,
        health: None,
        backends: Vec::new(),
    };
    Service {
        config,
        index: 0,
        region: Region { base: 0, size: 1 },
        backends,
        table: vec![Slot::default()],
        moves: Moves::default(),
        owned: Vec::new(),
        stage: Stage::default(),
        tracking: Tracking::default(),
        sequence: None,
        waiting: 0,
    }
}

/// A backend of weight 1 that serves, as a word: `up`, `new` (not checked yet), `down`, `lost` (no way to it), `drain`,
/// `maint`, `gone` (leaving), `zero` (no weight); with `+` a backup.
pub(super) fn backend(word: &str) -> Backend {
    let state = match word.trim_end_matches('+') {
        "down" => State::Down,
        "new" => State::Unknown,
        _ => State::Up,
    };
    let admin = match word.trim_end_matches('+') {
        "drain" => Admin::Drain,
        "maint" => Admin::Maint,
        _ => Admin::Ready,
    };
    let (interface, mac) = ("eth0".to_owned(), [0; 6]);
    let way = Resolved { ifindex: 1, interface, source_mac: mac, destination_mac: mac, gateway: None };
    let way = if word.starts_with("lost") { Err("cut".to_owned()) } else { Ok(way) };
    let config = config::Backend::new(String::new(), ([10, 0, 0, 1], 80).into(), 1);
    let config = config::Backend { backup: word.ends_with('+'), ..config };
    Backend {
        way: Way { now: Some(way), last: None },
        leaving: word.starts_with("gone").then(Instant::now),
        operator: Operator { admin, weight: word.starts_with("zero").then_some(0), added: false },
        part: Part { share: shares::full(1), ramp: None },
        ..Backend::new(config, 1, Machine::new(state, "", Timestamp::UNIX_EPOCH))
    }
}
