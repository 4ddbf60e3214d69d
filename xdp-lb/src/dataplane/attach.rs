//! Putting the program on interfaces, by pinned links.

use std::collections::BTreeMap;

use aya::{
    maps::{DevMapHash, MapError, xdp::XdpMapError},
    programs::{ProgramError, links::FdLink},
};
use tracing::{info, warn};
use xdp_lb_common::map;

use super::{
    Dataplane, DataplaneError,
    foreign::foreign,
    link,
    mode::{self, Mode},
    object,
    takeover::Earlier,
};
use crate::{config::Attach, net};

/// An interface with our program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its index when the program was attached.
    pub ifindex: u32,
    /// Where the program runs.
    pub mode: Mode,
    /// Whether this daemon put it there, in nobody's place.
    pub(super) anew: bool,
}

impl Dataplane {
    /// Interfaces with our program, by name.
    #[must_use]
    pub const fn attached(&self) -> &BTreeMap<String, Attached> {
        &self.attached
    }

    /// Whether the interface is free or has our program.
    pub fn check(&self, interface: &net::Link) -> Result<(), DataplaneError> {
        let first = interface.xdp.as_ref().and_then(|xdp| Some((xdp, *xdp.program_ids.first()?)));
        match first {
            Some((xdp, id)) if self.pins.on(interface.index)?.is_none() => {
                Err(foreign(interface, xdp, id, self.pins.root()))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Puts the program on an interface: atomically in the place of an earlier daemon's, whose link is pinned, or on
    /// an interface that has none. Packets may be sent out of the interface from then on.
    ///
    /// [`Attach::Auto`] is native as long as every interface can be: a native program cannot redirect to one that
    /// cannot (a bridge, a VLAN), so that a single such interface makes all of them generic.
    pub fn attach(&mut self, interface: &net::Link, want: Attach) -> Result<Attached, DataplaneError> {
        let earlier = self.left_on(interface)?;
        let generic = earlier == Earlier::Runs(Mode::Generic)
            || self.attached.values().any(|attached| attached.mode == Mode::Generic);
        let wanted = if want == Attach::Generic || want == Attach::Auto && generic {
            Mode::Generic
        } else {
            Mode::Native
        };
        let mode = match self.attach_as(interface, earlier, wanted) {
            Err(DataplaneError::Attach { source, .. })
                if want == Attach::Auto && wanted == Mode::Native && mode::cannot_run(&source) =>
            {
                let reason = format!("{:#}", anyhow::Error::from(*source));
                warn!(
                    interface = %interface.name, reason,
                    "the driver cannot run the program; all interfaces run it in generic mode, which is slower"
                );
                self.attach_as(interface, Earlier::Unclear, Mode::Generic)?;
                Mode::Generic
            }
            other => other.map(|()| wanted)?,
        };
        self.allow(interface)?;
        let attached = Attached { ifindex: interface.index, mode, anew: matches!(earlier, Earlier::Nothing) };
        self.attached.insert(interface.name.clone(), attached);
        if want == Attach::Auto && mode == Mode::Generic {
            self.all_generic()?;
        }
        if mode == Mode::Native && interface.kind.as_deref() == Some("veth") {
            warn!(
                interface = %interface.name,
                "a veth drops what is sent by it natively unless its peer has GRO on (`ethtool -K PEER gro on`) or an \
                 XDP program; `attach = \"generic\"` needs neither"
            );
        }
        Ok(attached)
    }

    /// Lets the program send by an interface. [`Self::attach`] does it too; whoever attaches to several does this for
    /// all of them first, since the program that is put on the first one sends by the others at once.
    pub fn allow(&mut self, interface: &net::Link) -> Result<(), DataplaneError> {
        let devices = self.ebpf.map_mut(map::DEVICES).ok_or(DataplaneError::Object { what: map::DEVICES })?;
        let mut devices = DevMapHash::try_from(devices).map_err(DataplaneError::map(map::DEVICES))?;
        devices.insert(interface.index, interface.index, None, 0).map_err(|error| {
            if full(&error) {
                DataplaneError::Devices { capacity: self.sizes.devices }
            } else {
                DataplaneError::map(map::DEVICES)(error)
            }
        })
    }

    /// Takes the program off an interface.
    pub fn detach(&mut self, interface: &str) -> Result<(), DataplaneError> {
        self.pins.unlink(interface)?;
        self.forget(interface);
        info!(interface, "detached");
        Ok(())
    }

    /// Notes that an interface is gone, with our program on it.
    pub fn forget(&mut self, interface: &str) {
        let Some(attached) = self.attached.remove(interface) else { return };
        if let Some(Ok(mut devices)) = self.ebpf.map_mut(map::DEVICES).map(DevMapHash::try_from) {
            // The kernel has removed the entry itself if the interface is gone.
            let _gone = devices.remove(attached.ifindex);
        }
    }

    /// Interfaces that have a pinned link of ours, attached or not.
    pub fn pinned(&self) -> Result<Vec<String>, DataplaneError> {
        self.pins.linked()
    }

    /// Attached interfaces that somebody took the program off since, by removing its link or the link's pin. The
    /// kernel tells nobody.
    #[must_use]
    pub fn lost(&self) -> Vec<String> {
        let lost = |(name, attached): &(&String, &Attached)| {
            let facts = link::read(&self.pins.link(name));
            // What cannot be read is not known to be lost.
            facts.is_ok_and(|facts| facts.is_none_or(|facts| facts.ifindex != attached.ifindex))
        };
        self.attached.iter().filter(lost).map(|(name, _)| name.clone()).collect()
    }

    /// Whether what this daemon pinned is still there, as far as can be seen.
    #[must_use]
    pub fn in_place(&self) -> bool {
        self.pins.program().try_exists().unwrap_or(true)
    }

    fn attach_as(
        &mut self,
        interface: &net::Link,
        earlier: Earlier,
        mode: Mode,
    ) -> Result<(), DataplaneError> {
        match earlier {
            Earlier::Runs(runs) if runs == mode => return self.take_over(interface, mode),
            // The kernel has no other way from one mode to the other.
            Earlier::Runs(_) | Earlier::Unclear => self.pins.unlink(&interface.name)?,
            Earlier::Nothing => {}
        }
        match self.attach_in(&interface.name, interface.index, mode) {
            Err(DataplaneError::Attach { source, .. }) if mode::taken(&source) => {
                let first = interface.xdp.as_ref().and_then(|xdp| Some((xdp, *xdp.program_ids.first()?)));
                Err(match first {
                    Some((xdp, id)) => foreign(interface, xdp, id, self.pins.root()),
                    None => attach_error(&interface.name, mode, *source),
                })
            }
            other => other,
        }
    }

    /// Changes the interfaces over that run the program natively; each is without it for a moment.
    fn all_generic(&mut self) -> Result<(), DataplaneError> {
        let native = self.attached.iter().filter(|(_, attached)| attached.mode == Mode::Native);
        let native: Vec<_> = native.map(|(name, attached)| (name.clone(), *attached)).collect();
        for (name, attached) in native {
            self.pins.unlink(&name)?;
            if let Err(error) = self.attach_in(&name, attached.ifindex, Mode::Generic) {
                self.forget(&name);
                return Err(error);
            }
            self.attached.insert(name, Attached { mode: Mode::Generic, ..attached });
        }
        Ok(())
    }

    fn attach_in(&mut self, interface: &str, ifindex: u32, mode: Mode) -> Result<(), DataplaneError> {
        let balancer = object::program(&mut self.ebpf)?;
        let attached = balancer
            .attach_to_if_index(ifindex, mode.flag())
            .and_then(|id| balancer.take_link(id))
            .map_err(|source| attach_error(interface, mode, source))?;
        let no_link = |_| DataplaneError::NoLink { interface: interface.to_owned() };
        let path = self.pins.link(interface);
        FdLink::try_from(attached).map_err(no_link)?.pin(&path).map_err(DataplaneError::pin("pin", path))?;
        info!(interface, %mode, "attached");
        Ok(())
    }
}

/// Whether a map has no room for another key.
fn full(error: &XdpMapError) -> bool {
    matches!(
        error,
        XdpMapError::MapError(MapError::SyscallError(error))
            if error.io_error.raw_os_error() == Some(libc::E2BIG)
    )
}

pub(super) fn attach_error(interface: &str, mode: Mode, source: ProgramError) -> DataplaneError {
    DataplaneError::Attach { interface: interface.to_owned(), mode: mode.name(), source: Box::new(source) }
}
