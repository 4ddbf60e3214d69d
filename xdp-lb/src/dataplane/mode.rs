//! Where in the receive path the program runs, and when it must run elsewhere.

use std::fmt;

use aya::programs::{ProgramError, XdpMode, xdp::XdpError};

use crate::net;

/// Where in the receive path the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In the driver.
    Native,
    /// In the stack.
    Generic,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<net::XdpMode> for Mode {
    fn from(mode: net::XdpMode) -> Self {
        match mode {
            net::XdpMode::Generic => Self::Generic,
            net::XdpMode::Native | net::XdpMode::Offloaded | net::XdpMode::Multiple => Self::Native,
        }
    }
}

impl Mode {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Generic => "generic",
        }
    }

    pub(super) const fn flag(self) -> XdpMode {
        match self {
            Self::Native => XdpMode::Driver,
            Self::Generic => XdpMode::Skb,
        }
    }
}

/// What a driver answers, and the kernel for it, if it cannot run this program or any. Not everything is a reason to
/// go on without it: somebody else's program and a missing permission are not.
const CANNOT_RUN: [i32; 5] = [libc::EOPNOTSUPP, ENOTSUPP, libc::EINVAL, libc::ERANGE, libc::ENOMEM];

/// The kernel's own; drivers let it slip.
const ENOTSUPP: i32 = 524;

/// Whether the interface cannot run the program in this mode but may in another.
pub(super) fn cannot_run(error: &ProgramError) -> bool {
    errno(error).is_some_and(|errno| CANNOT_RUN.contains(&errno))
}

/// Whether there is a program on the interface already, in whatever mode.
pub(super) fn taken(error: &ProgramError) -> bool {
    errno(error).is_some_and(|errno| [libc::EBUSY, libc::EEXIST].contains(&errno))
}

fn errno(error: &ProgramError) -> Option<i32> {
    if let ProgramError::SyscallError(error) = error {
        return error.io_error.raw_os_error();
    }
    if let ProgramError::XdpError(XdpError::NetlinkError(error)) = error {
        return error.raw_os_error();
    }
    None
}

#[cfg(test)]
mod tests {
    use std::io;

    use aya::sys::SyscallError;

    use super::*;

    #[test]
    fn only_a_driver_that_cannot_is_a_reason_for_another_mode() {
        let error = |errno| {
            let io_error = io::Error::from_raw_os_error(errno);
            ProgramError::SyscallError(SyscallError { call: "bpf_link_create", io_error })
        };
        for errno in [libc::EOPNOTSUPP, libc::EINVAL, libc::ERANGE, 524, libc::ENOMEM] {
            assert!(cannot_run(&error(errno)) && !taken(&error(errno)), "{errno}");
        }
        for errno in [libc::EBUSY, libc::EEXIST] {
            assert!(!cannot_run(&error(errno)) && taken(&error(errno)), "{errno}");
        }
        for errno in [libc::EPERM, libc::EACCES, libc::ENODEV] {
            assert!(!cannot_run(&error(errno)) && !taken(&error(errno)), "{errno}");
        }
    }
}
