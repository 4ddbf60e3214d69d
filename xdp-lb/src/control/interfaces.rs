//! Following the configured interfaces as they come, go and change.

use std::collections::HashMap;

use tracing::{error, warn};

use super::owner::Owner;
use crate::{dataplane::DataplaneError, model, net};

impl Owner {
    /// Configured interfaces that exist, with the program or about to get it, by index.
    pub(super) fn interfaces_by_index(&self) -> HashMap<u32, String> {
        let links = self.links.borrow();
        let configured = links.iter().filter(|link| self.config.datapath.interfaces.contains(&link.name));
        configured
            .filter(|link| !self.problems.contains_key(&link.name))
            .map(|link| (link.index, link.name.clone()))
            .collect()
    }

    /// The interface as the kernel shows it now.
    fn link(&self, name: &str) -> Option<net::Link> {
        self.links.borrow().iter().find(|link| link.name == name).cloned()
    }

    /// Whether every configured interface exists and has no program of somebody else's.
    pub(super) fn check_interfaces(&self, links: &[net::Link]) -> Result<(), DataplaneError> {
        for name in &self.config.datapath.interfaces {
            let missing = || DataplaneError::NoInterface { interface: name.clone() };
            self.dataplane.check(links.iter().find(|link| link.name == *name).ok_or_else(missing)?)?;
        }
        Ok(())
    }

    /// Lets the program send by every configured interface, so that the first one it is on can use the others.
    pub(super) fn allow_all(&mut self, links: &[net::Link]) -> Result<(), DataplaneError> {
        let mut configured = links.iter().filter(|link| self.config.datapath.interfaces.contains(&link.name));
        configured.try_for_each(|link| self.dataplane.allow(link))
    }

    /// Puts the program on every configured interface, as `links` shows them.
    pub(super) fn attach_all(&mut self, links: &[net::Link]) -> Result<(), DataplaneError> {
        for name in self.config.datapath.interfaces.clone() {
            let missing = || DataplaneError::NoInterface { interface: name.clone() };
            let link = links.iter().find(|link| link.name == name).ok_or_else(missing)?;
            if self.dataplane.attached().get(&name).is_none_or(|attached| attached.ifindex != link.index) {
                self.dataplane.attach(link, self.config.datapath.attach)?;
            }
            self.problems.remove(&name);
        }
        Ok(())
    }

    /// Chooses how packets leave by the interface that they came in by.
    pub(super) fn choose_transmission(&mut self) {
        let links = self.links.borrow();
        let veth = |link: &net::Link| {
            link.kind.as_deref() == Some("veth") && self.config.datapath.interfaces.contains(&link.name)
        };
        self.dataplane.redirect_only(links.iter().any(veth));
    }

    /// Takes the program off interfaces that the configuration no longer names.
    pub(super) fn detach_others(&mut self) -> Result<(), DataplaneError> {
        for name in self.dataplane.pinned()? {
            if !self.config.datapath.interfaces.contains(&name) {
                self.dataplane.detach(&name)?;
            }
        }
        Ok(())
    }

    /// Puts the program back where somebody took it off, which nobody is told of; `true`: there was something to do.
    pub(super) fn keep_attached(&mut self) -> bool {
        let lost = self.dataplane.in_place() && !self.dataplane.lost().is_empty();
        if lost {
            self.follow_links();
        }
        lost
    }

    /// Interfaces have changed: forget those that are gone, take those that have come back.
    pub(super) fn follow_links(&mut self) {
        self.links.mark_unchanged();
        let lost = self.dataplane.lost();
        for name in self.config.datapath.interfaces.clone() {
            let link = self.link(&name);
            let attached = self.dataplane.attached().get(&name).copied();
            if let Some(attached) = attached
                && link.as_ref().is_none_or(|link| link.index != attached.ifindex)
            {
                warn!(interface = %name, "the interface is gone");
                self.dataplane.forget(&name);
            } else if lost.contains(&name) {
                warn!(interface = %name, "somebody took the program off the interface; it is put back");
                self.dataplane.forget(&name);
            }
            match link {
                None => {
                    self.problems.insert(name, "the interface is gone".to_owned());
                }
                Some(link) if !self.dataplane.attached().contains_key(&name) => {
                    match self.dataplane.attach(&link, self.config.datapath.attach) {
                        Ok(_attached) => {
                            self.problems.remove(&name);
                        }
                        Err(error) => {
                            let reason = format!("{:#}", anyhow::Error::from(error));
                            if self.problems.get(&name) != Some(&reason) {
                                error!(interface = %name, %reason, "cannot attach to the interface");
                            }
                            self.problems.insert(name, reason);
                        }
                    }
                }
                Some(_attached) => {
                    self.problems.remove(&name);
                }
            }
        }
        self.choose_transmission();
        let changed = self.update_ways();
        self.refresh(changed);
    }

    /// The configured interfaces, for people.
    pub(super) fn interface_states(&self) -> Vec<model::Interface> {
        let attached = self.dataplane.attached();
        let state = |name: &String| model::Interface {
            name: name.clone(),
            mode: attached.get(name).map(|attached| attached.mode.to_string()),
            problem: self.problems.get(name).cloned(),
        };
        self.config.datapath.interfaces.iter().map(state).collect()
    }

    /// What about the interfaces keeps traffic from flowing.
    pub(super) fn interface_warnings(&self) -> Vec<String> {
        let (v4, v6) = self.families();
        let mut warnings = Vec::new();
        for name in &self.config.datapath.interfaces {
            if let Some(problem) = self.problems.get(name) {
                warnings.push(format!("{name} has no program: {problem}"));
                continue;
            }
            let switches = net::forwarding(name);
            for (needed, on, family) in [(v4, switches.v4, "ipv4"), (v6, switches.v6, "ipv6")] {
                if needed && !on {
                    warnings.push(format!(
                        "net.{family}.conf.{name}.forwarding is 0: replies of nat backends that arrive on {name} are \
                         not forwarded; set it with `sysctl -w net.{family}.conf.{name}.forwarding=1`"
                    ));
                }
            }
        }
        warnings
    }
}
