//! An earlier daemon's links: found again, also under another name, and pointed at the new program.

use std::fs;

use aya::programs::{
    links::{FdLink, PinnedLink},
    xdp::XdpLink,
};
use tracing::info;

use super::{
    Dataplane, DataplaneError,
    attach::attach_error,
    link::{self, Facts},
    mode::Mode,
    object,
};
use crate::net;

/// What an earlier daemon left on an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Earlier {
    /// Its program, in this mode.
    Runs(Mode),
    /// A link, but nothing certain about it.
    Unclear,
    /// Nothing.
    Nothing,
}

impl Dataplane {
    /// Looks for an earlier daemon's link on an interface, and gives its pin the interface's name of now.
    pub(super) fn left_on(&self, interface: &net::Link) -> Result<Earlier, DataplaneError> {
        let path = self.pins.link(&interface.name);
        let mut found = link::read(&path)?;
        if found.is_none_or(|facts| facts.ifindex != interface.index) {
            if found.is_some_and(|facts| facts.ifindex == 0) {
                // The interface was removed and made anew since: the link holds on to nothing.
                fs::remove_file(&path).map_err(DataplaneError::pin("remove", &path))?;
            }
            found = self.renamed(interface)?;
        }
        let Some(facts) = found else { return Ok(Earlier::Nothing) };
        let xdp = interface.xdp.as_ref().filter(|xdp| xdp.program_ids.contains(&facts.program));
        Ok(xdp.map_or(Earlier::Unclear, |xdp| Earlier::Runs(xdp.mode.into())))
    }

    /// The link of an interface that had another name when it was pinned; its pin follows.
    fn renamed(&self, interface: &net::Link) -> Result<Option<Facts>, DataplaneError> {
        let Some((name, facts)) = self.pins.on(interface.index)? else { return Ok(None) };
        self.pins.exchange(&name, &interface.name)?;
        info!(interface = %interface.name, before = %name, "the interface has another name now; its link is found");
        Ok(Some(facts))
    }

    /// Points an earlier daemon's link at the new program, without a gap.
    pub(super) fn take_over(&mut self, interface: &net::Link, mode: Mode) -> Result<(), DataplaneError> {
        let path = self.pins.link(&interface.name);
        let pinned = FdLink::from(PinnedLink::from_pin(&path).map_err(DataplaneError::pin("open", &path))?);
        let taken = XdpLink::try_from(pinned).map_err(DataplaneError::pin("use", &path))?;
        let balancer = object::program(&mut self.ebpf)?;
        balancer
            .attach_to_link(taken)
            .and_then(|id| balancer.take_link(id))
            .map_err(|source| attach_error(&interface.name, mode, source))?;
        info!(interface = %interface.name, %mode, "took over: the program was replaced without a gap");
        Ok(())
    }
}
