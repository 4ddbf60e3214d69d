//! `[datapath]`: interfaces, attachment, pins, the hash seed and capacities.

use std::{collections::HashMap, os::unix::ffi::OsStrExt as _, path::PathBuf};

use toml::Spanned;

use super::{
    choice,
    findings::{Checked, Findings},
    value,
};
use crate::config::{
    diagnostic::{Diagnostic, Severity},
    host::Host,
    raw::{Number, Raw, RawCapacity, RawDatapath, RawSeed, RawService, Text},
    suggest::{list, nearest, quoted},
    types::{Capacity, Datapath},
};

/// Longest name the kernel gives an interface, in bytes.
const LONGEST_INTERFACE: usize = 15;

pub(super) fn datapath(raw: &Raw, host: &dyn Host, findings: &mut Findings) -> Checked<Datapath> {
    let Some(section) = &raw.datapath else {
        let error = Diagnostic::of_file(Severity::Error, "the section `[datapath]` is missing");
        return Err(findings
            .error(error.help("it names where packets arrive, for example `interfaces = [\"eth0\"]`")));
    };
    let datapath = section.get_ref();
    let interfaces = interfaces(section, host, findings);
    let attach = choice::ATTACH.pick(datapath.attach.as_ref(), findings);
    let pin = pin(datapath.pin.as_ref(), findings);
    let hash_seed = datapath.hash_seed.as_ref().map(|seed| hash_seed(seed, findings));
    let capacity = capacity(&datapath.capacity, &raw.service, findings);
    Ok(Datapath {
        interfaces: interfaces?,
        attach: attach?,
        pin: pin?,
        hash_seed: hash_seed.transpose()?,
        capacity: capacity?,
    })
}

fn interfaces(
    section: &Spanned<RawDatapath>,
    host: &dyn Host,
    findings: &mut Findings,
) -> Checked<Vec<String>> {
    let listed = section.get_ref().interfaces.as_ref();
    let Some(names) = listed.filter(|names| !names.get_ref().is_empty()) else {
        let span = listed.map_or_else(|| section.span(), Spanned::span);
        let error = Diagnostic::error(span, "`interfaces` must name at least one interface");
        return Err(findings.error(error.help(interfaces_of(host))));
    };
    let mut seen = HashMap::new();
    let checked: Vec<_> = names
        .get_ref()
        .iter()
        .map(|name| match seen.insert(name.get_ref().as_str(), name.span()) {
            None => interface(name, host, findings),
            Some(first) => {
                let message = format!("the interface {} is named twice", quoted(name.get_ref()));
                Err(findings.error(Diagnostic::error(name.span(), message).also(first, "first named here")))
            }
        })
        .collect();
    checked.into_iter().collect()
}

fn interface(name: &Text, host: &dyn Host, findings: &mut Findings) -> Checked<String> {
    let text = name.get_ref();
    let error = |message| Diagnostic::error(name.span(), message);
    Err(findings.error(if text.is_empty() {
        error("the name of an interface must not be empty".to_owned())
    } else if text.len() > LONGEST_INTERFACE {
        error(format!("the name of an interface has at most {LONGEST_INTERFACE} bytes"))
            .label(format!("{} bytes", text.len()))
    } else if host.interface_exists(text) {
        return Ok(text.clone());
    } else {
        let existing = host.interfaces();
        let help = match nearest(text, existing.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => interfaces_of(host),
        };
        error(format!("there is no interface {}", quoted(text))).help(help)
    }))
}

fn interfaces_of(host: &dyn Host) -> String {
    let names = host.interfaces();
    format!("interfaces of this host: {}", list(names.iter().map(String::as_str)))
}

/// bpffs reserves names with dots: making them fails as if a permission were missing.
fn pin(raw: Option<&Text>, findings: &mut Findings) -> Checked<PathBuf> {
    let pin = value::path(raw, "pin", crate::config::DEFAULT_PIN, findings)?;
    let below = pin.strip_prefix("/sys/fs/bpf").map(|below| below.as_os_str().as_bytes());
    match (raw, below) {
        (Some(raw), Ok(below)) if below.contains(&b'.') => {
            let error = Diagnostic::error(raw.span(), "`pin` must not have dots in names below /sys/fs/bpf");
            Err(findings.error(error.help("bpffs reserves them")))
        }
        _ => Ok(pin),
    }
}

fn hash_seed(raw: &Spanned<RawSeed>, findings: &mut Findings) -> Checked<u64> {
    let text = match raw.get_ref() {
        RawSeed::Number(seed) => return Ok(*seed),
        RawSeed::Text(text) => text,
    };
    // `from_str_radix` alone would take a sign, too.
    let digits = text.strip_prefix("0x").filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()).ok_or_else(|| {
        let error = Diagnostic::error(raw.span(), format!("{} is not a hash seed", quoted(text)));
        findings.error(error.help("write `0x` and 1 to 16 hexadecimal digits; a fleet's hosts have the same"))
    })
}

/// Capacities, each at least what the configuration itself uses.
fn capacity(
    raw: &RawCapacity,
    services: &[Spanned<RawService>],
    findings: &mut Findings,
) -> Checked<Capacity> {
    let backends = |service: &Spanned<RawService>| service.get_ref().backend.len() as u64;
    let slots = |service: &Spanned<RawService>| {
        let asked = service.get_ref().slots.as_ref().and_then(|slots| u64::try_from(*slots.get_ref()).ok());
        asked.unwrap_or(0).max(backends(service))
    };
    let mut at_least = |capacity: Option<&Number>, key: &str, needed: u64| {
        let checked = value::number(capacity, key, 1..=u32::MAX, findings)?;
        match (capacity, checked) {
            (Some(raw), Some(given)) if u64::from(given) < needed => {
                let message = format!("`{key}` is too small for this configuration, which uses {needed}");
                let error = Diagnostic::error(raw.span(), message);
                Err(findings.error(error.help("raise it, or leave it out and it follows the configuration")))
            }
            _ => Ok(checked),
        }
    };
    let needed_slots = services.iter().map(slots).fold(0, u64::saturating_add);
    let services_given = at_least(raw.services.as_ref(), "services", services.len() as u64);
    let backends_given = at_least(raw.backends.as_ref(), "backends", services.iter().map(backends).sum());
    let slots_given = at_least(raw.slots.as_ref(), "slots", needed_slots);
    let flows_given = at_least(raw.flows.as_ref(), "flows", 1);
    let embryos_given = at_least(raw.embryos.as_ref(), "embryos", 1);
    let clients_given = at_least(raw.clients.as_ref(), "clients", 1);
    Ok(Capacity {
        services: services_given?,
        backends: backends_given?,
        slots: slots_given?,
        flows: flows_given?,
        embryos: embryos_given?,
        clients: clients_given?,
    })
}
