//! The embedded program.

use std::{io::ErrorKind, path::Path};

use aya::{
    Ebpf, EbpfLoader,
    programs::{ProgramError, Xdp},
};
use xdp_lb_common::map;

use super::{DataplaneError, Sizes};

/// Compiled by the build script.
static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/xdp-lb-ebpf"));

/// Name of the balancer in the object, and in the kernel's listings.
pub(super) const BALANCER: &str = "balancer";

/// Creates the maps, or opens those pinned in `maps`, and loads the program.
pub(super) fn load(maps: &Path, sizes: &Sizes) -> Result<Ebpf, DataplaneError> {
    let mut loader = EbpfLoader::new();
    let tables = sizes.tables();
    for (name, entries) in [
        (map::ENDPOINTS_V4, 2 * sizes.buckets),
        (map::ENDPOINTS_V6, 2 * sizes.buckets),
        (map::SERVICES, sizes.services),
        (map::SLOTS, sizes.slots),
        (map::BACKENDS, sizes.backends),
        (map::FLOWS, tables.flows),
        (map::EMBRYOS, tables.embryos),
        (map::CLIENTS, tables.clients),
        (map::LOADS, sizes.backends),
        (map::TURNS, sizes.services),
        (map::BACKEND_COUNTERS, sizes.backends),
        (map::SERVICE_COUNTERS, sizes.services),
        (map::CARRIED, sizes.services),
        (map::DEVICES, sizes.devices),
    ] {
        loader.map_max_entries(name, entries);
    }
    for (name, _) in map::ALL {
        loader.map_pin_path(name, maps.join(name));
    }
    let mut ebpf = loader.load(OBJECT).map_err(|error| DataplaneError::Load(Box::new(error)))?;
    verify(program(&mut ebpf)?).map_err(|error| DataplaneError::Program(Box::new(error)))?;
    Ok(ebpf)
}

/// Has the kernel verify and load a program. It gives up when the thread gets a signal, even one that is ignored.
fn verify(program: &mut Xdp) -> Result<(), ProgramError> {
    const ATTEMPTS: usize = 5;
    let interrupted = |result: &Result<(), ProgramError>| matches!(result, Err(ProgramError::LoadError { io_error, .. }) if io_error.kind() == ErrorKind::WouldBlock);
    let mut result = program.load();
    for _ in 1..ATTEMPTS {
        if !interrupted(&result) {
            break;
        }
        result = program.load();
    }
    result
}

/// The balancer.
pub(super) fn program(ebpf: &mut Ebpf) -> Result<&mut Xdp, DataplaneError> {
    let program = ebpf.program_mut(BALANCER).ok_or(DataplaneError::Object { what: BALANCER })?;
    program.try_into().map_err(|error| DataplaneError::Program(Box::new(error)))
}
