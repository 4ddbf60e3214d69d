//! Whose XDP program is on an interface, and how is it taken off?

use std::{fs, path::Path};

use aya::programs::{loaded_links, loaded_programs};

use super::{
    DataplaneError,
    link::{self, Facts},
    pins::Pins,
};
use crate::net::{self, XdpAttachment, XdpMode};

/// The error that says so of a program that is not ours. `pin`: our own pins, beside which another daemon's may be.
pub(super) fn foreign(interface: &net::Link, xdp: &XdpAttachment, id: u32, pin: &Path) -> DataplaneError {
    let name = &interface.name;
    let here = Facts { ifindex: interface.index, program: id };
    let remedy = match (another_pin(pin, here), attachment(here)) {
        (Some(pin), _) => format!("it is another xdp-lb's: `xdp-lb detach --pin {pin}`"),
        (None, Attachment::Link(link)) => {
            format!("it is attached by a BPF link, which `bpftool link detach id {link}` removes")
        }
        (None, Attachment::Plain) => {
            format!("detach it first (`ip link set dev {name} {} off`)", flag(xdp.mode))
        }
        (None, Attachment::Unknown) => format!(
            "detach it first (`ip link set dev {name} {} off`, or `bpftool link detach id ID` if it is attached by a \
             BPF link)",
            flag(xdp.mode)
        ),
    };
    DataplaneError::Foreign { interface: name.clone(), program: program(id), remedy }
}

/// "NAME (id N)" of a loaded program; without its name where this process may not list programs.
fn program(id: u32) -> String {
    let info = loaded_programs().map_while(Result::ok).find(|program| program.id() == id);
    match info.as_ref().and_then(|info| info.name_as_str()).filter(|name| !name.is_empty()) {
        Some(name) => format!("\"{name}\" (id {id})"),
        None => format!("with id {id}"),
    }
}

/// The pin folder of another daemon, beside ours, that has a link of this program to this interface.
fn another_pin(ours: &Path, wanted: Facts) -> Option<String> {
    let beside = fs::read_dir(ours.parent()?).ok()?;
    let mut others = beside.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path != ours);
    let theirs = others.find(|path| {
        let pins = Pins::new(path);
        let links = pins.linked().unwrap_or_default();
        links.iter().any(|name| matches!(link::read(&pins.link(name)), Ok(Some(facts)) if facts == wanted))
    });
    theirs.map(|path| path.display().to_string())
}

/// How a program is attached.
enum Attachment {
    /// By the link of this id.
    Link(u32),
    /// Without a link, as iproute2 does.
    Plain,
    /// This process may not list links.
    Unknown,
}

fn attachment(wanted: Facts) -> Attachment {
    for link in loaded_links() {
        let Ok(link) = link else { return Attachment::Unknown };
        if link.program_id() == wanted.program && link::of(link.id()) == Some(wanted) {
            return Attachment::Link(link.id());
        }
    }
    Attachment::Plain
}

/// iproute2's word: without a mode the kernel looks in one only.
const fn flag(mode: XdpMode) -> &'static str {
    match mode {
        XdpMode::Generic => "xdpgeneric",
        XdpMode::Native => "xdpdrv",
        XdpMode::Offloaded => "xdpoffload",
        XdpMode::Multiple => "xdp",
    }
}
