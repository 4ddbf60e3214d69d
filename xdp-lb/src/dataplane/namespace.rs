//! The network namespace that the daemon is in: interface indices mean something there only.

use std::{fs, os::unix::fs::MetadataExt as _};

use super::DataplaneError;

/// Its inode number, which no other namespace has as long as this one lives.
pub(super) fn own() -> Result<u64, DataplaneError> {
    let path = "/proc/thread-self/ns/net";
    fs::metadata(path).map(|metadata| metadata.ino()).map_err(DataplaneError::pin("read", path))
}
