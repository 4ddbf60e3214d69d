//! Names of the maps, as pinned under `PIN/maps`.

/// `u64` array: the ABI fingerprint, the hash seed, the network namespace. This layout never changes, so that any version can read it.
pub const META: &str = "META";
/// One [`crate::control::Control`].
pub const CONTROL: &str = "CONTROL";
/// [`crate::endpoint::BucketV4`] array, two generations.
pub const ENDPOINTS_V4: &str = "ENDPOINTS_V4";
/// [`crate::endpoint::BucketV6`] array, two generations.
pub const ENDPOINTS_V6: &str = "ENDPOINTS_V6";
/// [`crate::service::Service`] array, by service index.
pub const SERVICES: &str = "SERVICES";
/// [`crate::slot::Slot`] array: the slot tables of all services, each in a region of its own.
pub const SLOTS: &str = "SLOTS";
/// [`crate::backend::Backend`] array, by backend index; index 0 is never used.
pub const BACKENDS: &str = "BACKENDS";
/// Buckets of [`crate::track::Cells`]: flows that are noted.
pub const FLOWS: &str = "FLOWS";
/// The same, of connections that are being opened.
pub const EMBRYOS: &str = "EMBRYOS";
/// The same, of clients that keep their backend.
pub const CLIENTS: &str = "CLIENTS";
/// [`crate::load::Load`] by backend index.
pub const LOADS: &str = "LOADS";
/// Whose turn it is, by service index; see [`crate::service::Algorithm::RoundRobin`].
pub const TURNS: &str = "TURNS";
/// Device map by interface index: where packets may be sent.
pub const DEVICES: &str = "DEVICES";
/// Per-CPU [`crate::counters::BackendCounters`], by backend index.
pub const BACKEND_COUNTERS: &str = "BACKEND_CNTRS";
/// Per-CPU [`crate::counters::ServiceCounters`], by service index.
pub const SERVICE_COUNTERS: &str = "SERVICE_CNTRS";
/// [`crate::counters::BackendCounters`] by service index: what backends that are gone had counted. The daemon's.
pub const CARRIED: &str = "CARRIED";
/// Per-CPU `u64`, by [`crate::DropReason`].
pub const DROPS: &str = "DROPS";
/// Ring buffer of [`crate::neighbour::Miss`]. Not pinned: each program has its own, read by the daemon that loaded it.
pub const MISSES: &str = "MISSES";

/// What the kernel is told a map is: `enum bpf_map_type`, and the flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The type's number.
    pub map_type: u32,
    /// `BPF_F_*`.
    pub flags: u32,
}

const fn kind(map_type: u32, flags: u32) -> Kind {
    Kind { map_type, flags }
}

/// An array that the daemon maps into its memory (`BPF_F_MMAPABLE`).
const MAPPED: Kind = kind(2, 1 << 10);
const PER_CPU: Kind = kind(6, 0);

/// Every pinned map with what it is, in the order in which the daemon opens them. Part of [`crate::ABI`].
pub const ALL: [(&str, Kind); 17] = [
    (META, kind(2, 0)),
    (CONTROL, MAPPED),
    (ENDPOINTS_V4, MAPPED),
    (ENDPOINTS_V6, MAPPED),
    (SERVICES, MAPPED),
    (SLOTS, MAPPED),
    (BACKENDS, MAPPED),
    (FLOWS, MAPPED),
    (EMBRYOS, MAPPED),
    (CLIENTS, MAPPED),
    (LOADS, MAPPED),
    (TURNS, MAPPED),
    (DEVICES, kind(25, 0)),
    (BACKEND_COUNTERS, PER_CPU),
    (SERVICE_COUNTERS, PER_CPU),
    (CARRIED, MAPPED),
    (DROPS, PER_CPU),
];

/// Places in [`META`].
pub mod meta {
    /// Where [`crate::ABI`] stands.
    pub const ABI: u32 = 0;
    /// Where the 64-bit seed of the flow hash stands.
    pub const SEED: u32 = 1;
    /// Where the inode number of the daemon's network namespace stands; 0: not known.
    pub const NETNS: u32 = 2;
    /// Length of the array; the rest is reserved.
    pub const LEN: u32 = 8;
}
