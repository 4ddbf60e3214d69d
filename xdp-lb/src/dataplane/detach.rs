//! The way back: takes everything away, whether a daemon runs or not.

use std::{fs, path::Path};

use super::{
    DataplaneError,
    lock::Lock,
    pins::{self, Pins},
};

/// What was taken away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Interfaces whose link was removed.
    pub interfaces: Vec<String>,
    /// Whether anything at all was pinned.
    pub found: bool,
    /// Whether a daemon still runs on these pins.
    pub daemon: bool,
}

/// Takes the program off every interface it was pinned to under `pin`, and unpins program and maps.
///
/// No process holds a link open, so that removing its pin detaches it.
pub fn remove(pin: &Path) -> Result<Removed, DataplaneError> {
    // What may not be looked at is not absent.
    if !pins::exists(pin)? {
        return Ok(Removed::default());
    }
    let pins = Pins::new(pin);
    let daemon = matches!(Lock::take(pin), Err(DataplaneError::Locked { .. }));
    let interfaces = pins.linked()?;
    // By the program's pin a running daemon knows that it has something to look after: it would put links back.
    pins::discard(&pin.join("prog"))?;
    for interface in &interfaces {
        pins.unlink(interface)?;
    }
    for folder in ["link", "maps", "maps-new", "maps-old"] {
        pins::discard(&pin.join(folder))?;
    }
    // What somebody else put there stays, and the folder with it.
    let _not_empty = fs::remove_dir(pin);
    Ok(Removed { found: true, interfaces, daemon })
}
