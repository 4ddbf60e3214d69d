//! The end of a start: everything is put where the next daemon finds it, or nothing is left.

use std::fs;

use aya::maps::DevMapHash;
use tracing::warn;
use xdp_lb_common::map;

use super::{Dataplane, DataplaneError, object, pins::Pins};

/// Until a start has succeeded: removes what it pinned beside the maps in force.
#[derive(Debug)]
pub(super) struct Unfinished(Option<Pins>);

impl Unfinished {
    pub(super) const fn new(pins: Pins) -> Self {
        Self(Some(pins))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(pins) = self.0.take() {
            pins.tidy();
        }
    }
}

impl Dataplane {
    /// Makes the program and its maps the ones that the next daemon finds. Everything is stored and attached by now.
    pub fn commit(&mut self) -> Result<(), DataplaneError> {
        self.forget_devices()?;
        if self.staged {
            self.pins.promote()?;
            self.staged = false;
        }
        let path = self.pins.program();
        let new = path.with_file_name("balancer-new");
        let _absent = fs::remove_file(&new);
        object::program(&mut self.ebpf)?.pin(&new).map_err(DataplaneError::pin("pin", &new))?;
        fs::rename(&new, &path).map_err(DataplaneError::pin("rename", new))?;
        self.unfinished.0 = None;
        Ok(())
    }

    /// Gives up before [`Self::commit`]: takes the program off where it was put anew and removes what was made. So does
    /// dropping this value.
    pub fn abandon(&mut self) {
        let Some(pins) = self.unfinished.0.take() else { return };
        let anew = self.attached.iter().filter(|(_, attached)| attached.anew);
        let anew: Vec<_> = anew.map(|(name, _)| name.clone()).collect();
        for name in anew {
            if let Err(error) = self.detach(&name) {
                warn!(interface = %name, "{:#}", anyhow::Error::from(error));
            }
        }
        pins.tidy();
    }

    /// Removes devices that an earlier daemon sent by and this one does not.
    fn forget_devices(&mut self) -> Result<(), DataplaneError> {
        let devices = self.ebpf.map_mut(map::DEVICES).ok_or(DataplaneError::Object { what: map::DEVICES })?;
        let mut devices = DevMapHash::try_from(devices).map_err(DataplaneError::map(map::DEVICES))?;
        let ours: Vec<_> = self.attached.values().map(|attached| attached.ifindex).collect();
        let stored: Vec<_> = devices.keys().filter_map(Result::ok).collect();
        for stale in stored.into_iter().filter(|index| !ours.contains(index)) {
            devices.remove(stale).map_err(DataplaneError::map(map::DEVICES))?;
        }
        Ok(())
    }
}

impl Drop for Dataplane {
    fn drop(&mut self) {
        self.abandon();
    }
}
