//! What a link is on.
#![expect(
    unsafe_code,
    reason = "opens a pin: aya keeps the descriptor of a link, and so its interface, to itself"
)]

use std::{
    ffi::CString,
    fs, io,
    os::{
        fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd},
        unix::ffi::OsStrExt as _,
    },
    path::Path,
};

use super::DataplaneError;

/// The kernel's word on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// The interface, in the network namespace that the link was made in; 0: none, it was taken off.
    pub(super) ifindex: u32,
    /// The program's id.
    pub(super) program: u32,
}

/// `enum bpf_cmd`.
const OBJ_GET: libc::c_int = 7;
const LINK_GET_FD_BY_ID: libc::c_int = 30;

/// Their parts of `union bpf_attr`.
#[repr(C)]
struct Attributes {
    path_or_id: u64,
    reserved: u64,
}

/// What the link pinned at `path` is on; `None`: there is no such pin.
pub(super) fn read(path: &Path) -> Result<Option<Facts>, DataplaneError> {
    let facts = CString::new(path.as_os_str().as_bytes()).map_err(io::Error::from).and_then(|name| {
        let link = open(OBJ_GET, name.as_ptr() as u64)?;
        facts(&link)
    });
    match facts {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some).map_err(DataplaneError::pin("read", path)),
    }
}

/// What a link is on, by its id, for who may know.
pub(super) fn of(id: u32) -> Option<Facts> {
    // The id is the first 32-bit word.
    let [a, b, c, d] = id.to_ne_bytes();
    let link = open(LINK_GET_FD_BY_ID, u64::from_ne_bytes([a, b, c, d, 0, 0, 0, 0])).ok()?;
    facts(&link).ok()
}

fn open(command: libc::c_int, path_or_id: u64) -> io::Result<OwnedFd> {
    let attributes = Attributes { path_or_id, reserved: 0 };
    // SAFETY: the kernel reads the attributes, of the size it is told, and the string that the caller holds, if any.
    let fd = unsafe { libc::syscall(libc::SYS_bpf, command, &raw const attributes, size_of::<Attributes>()) };
    let fd = RawFd::try_from(fd).ok().filter(|fd| *fd >= 0).ok_or_else(io::Error::last_os_error)?;
    // SAFETY: the kernel has just opened it for this process.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn facts(link: &OwnedFd) -> io::Result<Facts> {
    let text = fs::read_to_string(format!("/proc/thread-self/fdinfo/{}", link.as_raw_fd()))?;
    parse(&text).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not an XDP link"))
}

/// Reads the lines of `/proc/PID/fdinfo/FD` (`bpf_link_show_fdinfo` in the kernel).
fn parse(text: &str) -> Option<Facts> {
    let value = |wanted: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(name, _)| *name == wanted).and_then(|(_, value)| value.trim().parse().ok())
    };
    Some(Facts { ifindex: value("ifindex")?, program: value("prog_id")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_xdp_links_are_read() {
        let text = "pos:\t0\nflags:\t02000000\nlink_type:\txdp\nlink_id:\t7\nprog_tag:\tf00\nprog_id:\t12\nifindex:\t3\n";
        assert_eq!(parse(text), Some(Facts { ifindex: 3, program: 12 }));
        assert_eq!(parse("pos:\t0\nmap_type:\t2\n"), None);
    }
}
