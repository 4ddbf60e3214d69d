//! The file system that pins live on.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use nix::{
    mount::{MsFlags, mount},
    sys::statfs::{BPF_FS_MAGIC, statfs},
};
use tracing::{info, warn};

use super::DataplaneError;

/// Makes sure that `pin` will be on bpffs, mounting one on its parent folder if it is not.
///
/// # Errors
///
/// Fails if the parent cannot be created or mounted on, or holds anything: a mount would hide it from everybody.
pub fn ensure(pin: &Path) -> Result<(), DataplaneError> {
    if on_bpffs(pin) {
        return Ok(());
    }
    let parent = pin.parent().unwrap_or(pin).to_owned();
    let failed = |source: io::Error| DataplaneError::Mount { path: parent.clone(), source };
    fs::create_dir_all(&parent).map_err(failed)?;
    if fs::read_dir(&parent).map_err(failed)?.next().is_some() {
        return Err(DataplaneError::MountHides { pin: pin.to_owned(), path: parent });
    }
    mount(Some("bpf"), &parent, Some("bpf"), MsFlags::empty(), Some("mode=0700"))
        .map_err(|error| failed(error.into()))?;
    info!(path = %parent.display(), "mounted bpffs");
    if private_mounts() {
        warn!(
            "this process has mounts of its own (as `ip netns exec` makes them), so the pins are gone when its last \
             process ends; `nsenter --net=/run/netns/NAME` keeps them visible"
        );
    }
    Ok(())
}

/// Whether the nearest existing ancestor of `path` is on bpffs.
#[must_use]
pub fn on_bpffs(path: &Path) -> bool {
    path.ancestors()
        .find(|ancestor| ancestor.exists())
        .and_then(|ancestor| statfs(ancestor).ok())
        .is_some_and(|statistics| statistics.filesystem_type() == BPF_FS_MAGIC)
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
    fn what_a_mount_would_hide_keeps_it_away() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("precious"), "").unwrap();
        let error = ensure(&folder.path().join("pins")).unwrap_err();
        assert!(matches!(error, DataplaneError::MountHides { .. }), "{error}");
        assert!(folder.path().join("precious").exists());
    }
}
