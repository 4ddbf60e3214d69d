//! Packet tables through the real program, by `BPF_PROG_TEST_RUN`.
//!
//! A case is a packet and what must become of it; the state is [`bench::Bench`]'s, which stores services as the daemon
//! does. Expected packets are built from nothing, checksums included, so every comparison is one of incremental with
//! recomputed checksums.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot be set up fails")]

mod bench;
mod case;
mod frame;
mod state;

mod bpffs;
mod capacity;
mod dsr;
mod load;
mod loads;
mod malformed;
mod moving;
mod mutation;
mod nat;
mod pass;
mod reject;
mod reply;
mod spread;
mod start;
