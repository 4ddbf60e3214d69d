//! Everything a laboratory makes carries its owner's process number in its name, so that what a killed run left
//! behind is found and removed by the next.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::namespace;

const PREFIX: &str = "xlb-";

/// Where the daemons of laboratories pin their maps and programs, each in a directory named as its host's namespace.
pub(crate) const BPFFS: &str = "/sys/fs/bpf";

/// The name of this process's laboratory `number`.
pub(crate) fn name(number: u32) -> String {
    format!("{PREFIX}{}-{number}", std::process::id())
}

/// Removes what the laboratories of dead processes left: namespaces with their processes, pins, directories.
pub(crate) fn leftovers() -> Result<()> {
    for name in named(Path::new(namespace::DIRECTORY), is_orphan) {
        namespace::remove(&name)?;
    }
    for root in [PathBuf::from(BPFFS), std::env::temp_dir()] {
        for name in named(&root, is_orphan) {
            remove_directory(&root.join(name))?;
        }
    }
    Ok(())
}

/// Removes the named laboratory's namespaces, pins and directory; the first error is reported after trying all.
pub(crate) fn laboratory(laboratory: &str) -> Result<()> {
    let prefix = format!("{laboratory}-");
    let ours = |name: &str| name.starts_with(&prefix);
    let namespaces = named(Path::new(namespace::DIRECTORY), ours);
    let mut results: Vec<_> = namespaces.iter().map(|name| namespace::remove(name)).collect();
    let pins = named(Path::new(BPFFS), ours);
    results.extend(pins.iter().map(|name| remove_directory(&Path::new(BPFFS).join(name))));
    results.push(remove_directory(&directory(laboratory)));
    results.into_iter().collect()
}

pub(crate) fn directory(laboratory: &str) -> PathBuf {
    std::env::temp_dir().join(laboratory)
}

fn named(root: &Path, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    // Nothing has been left where nothing has been made yet.
    let entries = fs::read_dir(root).into_iter().flatten();
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter(|name| wanted(name)).collect()
}

fn is_orphan(name: &str) -> bool {
    let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
    owner.and_then(|pid| pid.parse::<u32>().ok()).is_some_and(|pid| !is_alive(pid))
}

fn is_alive(pid: u32) -> bool {
    Path::new(OsStr::new("/proc")).join(pid.to_string()).exists()
}

fn remove_directory(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_dead_process_named_is_an_orphan() {
        assert!(!is_orphan(&name(7)), "we live");
        assert!(is_orphan("xlb-4294967295-1-client"), "no such process");
        assert!(!is_orphan("xlb-tap0"), "not one of ours");
        assert!(!is_orphan("eth0"), "not one of ours");
    }
}
