//! The file system that pins live on.

use std::{
    fs, io,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use nix::{
    mount::{MsFlags, mount},
    sys::statfs::{BPF_FS_MAGIC, statfs},
};
use tracing::{info, warn};

use super::DataplaneError;

/// Where bpffs belongs.
const USUAL: &str = "/sys/fs/bpf";

/// Makes sure that `pin` will be on bpffs, mounting one where it belongs or on `pin` itself, and nowhere else: what it
/// covers is out of everybody's sight.
///
/// # Errors
///
/// Fails if bpffs cannot be mounted, if something else is in its place, and if bpffs would not take the names.
pub fn ensure(pin: &Path) -> Result<(), DataplaneError> {
    if on_bpffs(pin) {
        return names(pin, existing(pin));
    }
    let point = if pin.starts_with(USUAL) && pin != Path::new(USUAL) { Path::new(USUAL) } else { pin };
    names(pin, point)?;
    let failed = |source: io::Error| DataplaneError::Mount { path: point.to_owned(), source };
    fs::create_dir_all(point).map_err(failed)?;
    if fs::read_dir(point).map_err(failed)?.next().is_some() {
        return Err(DataplaneError::NotBpffs { path: point.to_owned() });
    }
    mount(Some("bpf"), point, Some("bpf"), MsFlags::empty(), Some("mode=0700"))
        .map_err(|error| failed(error.into()))?;
    info!(path = %point.display(), "mounted bpffs");
    if private_mounts() {
        warn!(
            "this process has mounts of its own (as `ip netns exec` makes them), so the pins are gone when its last \
             process ends; `nsenter --net=/run/netns/NAME` keeps them visible"
        );
    }
    Ok(())
}

/// The nearest ancestor that exists.
fn existing(path: &Path) -> &Path {
    path.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(path)
}

/// Whether the nearest existing ancestor of `path` is on bpffs.
#[must_use]
pub fn on_bpffs(path: &Path) -> bool {
    statfs(existing(path)).is_ok_and(|statistics| statistics.filesystem_type() == BPF_FS_MAGIC)
}

/// Refuses names that are still to be made below `mounted`, which is on bpffs or will be, and that bpffs reserves.
fn names(pin: &Path, mounted: &Path) -> Result<(), DataplaneError> {
    let Ok(below) = pin.strip_prefix(mounted) else { return Ok(()) };
    if below.as_os_str().as_bytes().contains(&b'.') {
        return Err(DataplaneError::Dot { path: pin.to_owned() });
    }
    Ok(())
}

fn private_mounts() -> bool {
    let namespace =
        |process: &str| -> Option<PathBuf> { fs::read_link(format!("/proc/{process}/ns/mnt")).ok() };
    namespace("self") != namespace("1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_mounted_over_what_is_in_use() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("other"), "").expect("a file");
        let error = ensure(folder.path()).expect_err("not empty").to_string();
        let wanted = format!("{} is not on bpffs and not empty", folder.path().display());
        assert!(error.starts_with(&wanted), "{error}");
        assert!(folder.path().join("other").exists());
    }

    #[test]
    fn names_that_bpffs_reserves_are_refused_below_it_only() {
        let [pin, mounted] = ["/run/x.d/bpf/xdp.lb", "/run/x.d/bpf"].map(Path::new);
        assert!(matches!(names(pin, mounted), Err(DataplaneError::Dot { .. })));
        assert!(names(pin, pin).is_ok());
    }
}
