//! Putting the program on interfaces, by pinned links.

use std::{collections::BTreeMap, fmt, fs};

use aya::{
    maps::DevMapHash,
    programs::{
        ProgramError, XdpMode,
        links::{FdLink, PinnedLink},
        xdp::XdpLink,
    },
};
use tracing::{info, warn};
use xdp_lb_common::map;

use super::{Dataplane, DataplaneError, foreign_program, object};
use crate::{config::Attach, net};

/// Where in the receive path the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In the driver.
    Native,
    /// In the stack.
    Generic,
}

/// An interface with our program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its index when the program was attached.
    pub ifindex: u32,
    /// Where the program runs.
    pub mode: Mode,
    /// Whether this daemon put it there, in nobody's place.
    anew: bool,
}

/// What became of an earlier daemon's link.
enum TakeOver {
    /// It now runs the new program.
    Done(Mode),
    /// It ran in another mode than is asked for now, and was removed.
    Detached,
    /// There was none on this interface.
    NotOurs,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Mode {
    const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Generic => "generic",
        }
    }

    const fn flag(self) -> XdpMode {
        match self {
            Self::Native => XdpMode::Driver,
            Self::Generic => XdpMode::Skb,
        }
    }
}

impl Dataplane {
    /// Interfaces with our program, by name.
    #[must_use]
    pub const fn attached(&self) -> &BTreeMap<String, Attached> {
        &self.attached
    }

    /// Puts the program on an interface: atomically in the place of an earlier daemon's, whose link is pinned, or on
    /// an interface that has none. Packets may be sent out of the interface from then on.
    pub fn attach(&mut self, link: &net::Link, want: Attach) -> Result<Attached, DataplaneError> {
        let (mode, anew) = match self.take_over(link, want)? {
            TakeOver::Done(mode) => (mode, false),
            TakeOver::Detached => (self.attach_anew(link, want)?, false),
            TakeOver::NotOurs => match link.xdp.as_ref().and_then(|xdp| xdp.program_ids.first()) {
                Some(&id) => {
                    let program = foreign_program(id);
                    return Err(DataplaneError::Foreign { interface: link.name.clone(), program });
                }
                None => (self.attach_anew(link, want)?, true),
            },
        };
        let mut devices = DevMapHash::try_from(
            self.ebpf.map_mut(map::DEVICES).ok_or(DataplaneError::Object { what: map::DEVICES })?,
        )
        .map_err(DataplaneError::map(map::DEVICES))?;
        devices.insert(link.index, link.index, None, 0).map_err(DataplaneError::map(map::DEVICES))?;
        let attached = Attached { ifindex: link.index, mode, anew };
        self.attached.insert(link.name.clone(), attached);
        if mode == Mode::Native && link.kind.as_deref() == Some("veth") {
            warn!(
                interface = %link.name,
                "a veth drops what is sent by it natively unless its peer has GRO on (`ethtool -K PEER gro on`) or an \
                 XDP program; `attach = \"generic\"` needs neither"
            );
        }
        Ok(attached)
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

    /// Whether what this daemon pinned is still there.
    #[must_use]
    pub fn in_place(&self) -> bool {
        self.pins.program().exists()
    }

    /// Gives up before [`Self::commit`]: takes the program off where it was put anew and removes what was made.
    pub fn abandon(&mut self) {
        let anew: Vec<_> = self
            .attached
            .iter()
            .filter(|(_, attached)| attached.anew)
            .map(|(name, _)| name.clone())
            .collect();
        for name in anew {
            if let Err(error) = self.detach(&name) {
                warn!(interface = %name, "{:#}", anyhow::Error::from(error));
            }
        }
        if self.staged {
            self.pins.abandon();
        }
    }

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
        fs::rename(&new, &path).map_err(DataplaneError::pin("rename", new))
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

    /// Points a pinned link of ours at the new program.
    fn take_over(&mut self, link: &net::Link, want: Attach) -> Result<TakeOver, DataplaneError> {
        let path = self.pins.link(&link.name);
        if !path.exists() {
            return Ok(TakeOver::NotOurs);
        }
        let pinned = FdLink::from(PinnedLink::from_pin(&path).map_err(DataplaneError::pin("open", &path))?);
        let program = pinned.info().map_err(DataplaneError::pin("read", &path))?.program_id();
        let mode =
            link.xdp.as_ref().filter(|xdp| xdp.program_ids.contains(&program)).map(|xdp| match xdp.mode {
                net::XdpMode::Generic => Mode::Generic,
                net::XdpMode::Native | net::XdpMode::Offloaded | net::XdpMode::Multiple => Mode::Native,
            });
        let unpin = || fs::remove_file(&path).map_err(DataplaneError::pin("remove", &path));
        let Some(mode) = mode else {
            // The interface was removed and made anew since: the link holds on to nothing.
            unpin()?;
            return Ok(TakeOver::NotOurs);
        };
        if matches!((mode, want), (Mode::Generic, Attach::Native) | (Mode::Native, Attach::Generic)) {
            unpin()?;
            return Ok(TakeOver::Detached);
        }
        let taken = XdpLink::try_from(pinned).map_err(DataplaneError::pin("use", &path))?;
        let balancer = object::program(&mut self.ebpf)?;
        balancer
            .attach_to_link(taken)
            .and_then(|id| balancer.take_link(id))
            .map_err(|source| attach_error(&link.name, mode, source))?;
        info!(interface = %link.name, %mode, "took over: the program was replaced without a gap");
        Ok(TakeOver::Done(mode))
    }

    fn attach_anew(&mut self, link: &net::Link, want: Attach) -> Result<Mode, DataplaneError> {
        match want {
            Attach::Native => self.attach_in(link, Mode::Native),
            Attach::Generic => self.attach_in(link, Mode::Generic),
            Attach::Auto => match self.attach_in(link, Mode::Native) {
                Err(DataplaneError::Attach { source, .. }) => {
                    let reason = anyhow::Error::from(*source);
                    warn!(
                        interface = %link.name, reason = format!("{reason:#}"),
                        "the driver cannot run the program; attaching in generic mode, which is slower"
                    );
                    self.attach_in(link, Mode::Generic)
                }
                other => other,
            },
        }
    }

    fn attach_in(&mut self, link: &net::Link, mode: Mode) -> Result<Mode, DataplaneError> {
        let balancer = object::program(&mut self.ebpf)?;
        let attached = balancer
            .attach_to_if_index(link.index, mode.flag())
            .and_then(|id| balancer.take_link(id))
            .map_err(|source| attach_error(&link.name, mode, source))?;
        let no_link = |_| DataplaneError::NoLink { interface: link.name.clone() };
        let path = self.pins.link(&link.name);
        FdLink::try_from(attached).map_err(no_link)?.pin(&path).map_err(DataplaneError::pin("pin", path))?;
        info!(interface = %link.name, %mode, "attached");
        Ok(mode)
    }
}

fn attach_error(interface: &str, mode: Mode, source: ProgramError) -> DataplaneError {
    DataplaneError::Attach { interface: interface.to_owned(), mode: mode.name(), source: Box::new(source) }
}
