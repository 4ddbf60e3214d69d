//! One daemon per pin folder.

use std::{fs::File, path::Path};

use nix::{
    errno::Errno,
    fcntl::{Flock, FlockArg},
};

use super::DataplaneError;

/// Held as long as the daemon lives; the kernel releases it however that ends.
pub(super) struct Lock(#[expect(dead_code, reason = "held for its drop")] Flock<File>);

impl Lock {
    /// Locks the pin folder itself, the one thing that two daemons would share.
    pub(super) fn take(folder: &Path) -> Result<Self, DataplaneError> {
        let file = File::open(folder).map_err(DataplaneError::pin("open", folder))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => Ok(Self(lock)),
            Err((_, Errno::EWOULDBLOCK)) => Err(DataplaneError::Locked { path: folder.to_owned() }),
            Err((_, error)) => Err(DataplaneError::pin("lock", folder)(std::io::Error::from(error))),
        }
    }
}
