//! Frames as they are on a wire: sent as given, and seen as they arrive.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::{
    AddressFamily, LinkAddr, SockFlag, SockProtocol, SockType, bind, recvfrom, setsockopt, socket, sockopt,
};
use nix::unistd::write;

use crate::{Host, wait};

/// The kernel's mark of frames that its own host sends (`PACKET_OUTGOING`).
const OUTGOING: u8 = 4;

/// Room for the frames of a burst.
const ROOM: usize = 32 << 20;

/// How long frames are taken in at most: on some links it is never quiet.
const LIMIT: Duration = Duration::from_secs(5);

/// A packet socket on a device of a host. Only what is received after it was opened is seen.
#[derive(Debug)]
pub struct PacketSocket {
    socket: OwnedFd,
    mac: [u8; 6],
}

impl PacketSocket {
    /// Opens one.
    pub fn open(host: &Host, device: &str) -> Result<Self> {
        host.enter(|| {
            let mut addresses = getifaddrs()?.filter(|found| found.interface_name == device);
            let link = addresses.find_map(|found| found.address?.as_link_addr().copied());
            let link = link.with_context(|| format!("{} has no device {device}", host.name()))?;
            let (family, flags) = (AddressFamily::Packet, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK);
            let socket = socket(family, SockType::Raw, flags, SockProtocol::EthAll)?;
            setsockopt(&socket, sockopt::RcvBufForce, &ROOM)?;
            bind(socket.as_raw_fd(), &link)?;
            Ok(Self { socket, mac: link.addr().unwrap_or_default() })
        })
    }

    /// The device's own MAC address.
    #[must_use]
    pub fn mac(&self) -> [u8; 6] {
        self.mac
    }

    /// Sends a frame, from its Ethernet header on.
    pub fn send(&self, frame: &[u8]) -> Result<()> {
        wait::until("the device to take a frame", Duration::from_secs(5), || {
            match write(&self.socket, frame) {
                Ok(_) => Ok(Some(())),
                Err(Errno::EAGAIN | Errno::ENOBUFS) => Ok(None),
                Err(error) => bail!("cannot send a frame of {} bytes: {error}", frame.len()),
            }
        })
    }

    /// Frames that have arrived since the last call, without those that the host itself has sent. Returns when none
    /// has come for `quiet`, or after five seconds.
    pub fn received(&self, quiet: Duration) -> Result<Vec<Vec<u8>>> {
        let mut frames = Vec::new();
        let mut buffer = vec![0; 1 << 17];
        let start = Instant::now();
        let mut last = start;
        while last.elapsed() < quiet && start.elapsed() < LIMIT {
            match recvfrom::<LinkAddr>(self.socket.as_raw_fd(), &mut buffer) {
                Ok((length, from)) if from.is_none_or(|from| from.pkttype() != OUTGOING) => {
                    frames.push(buffer.iter().take(length).copied().collect());
                    last = Instant::now();
                }
                Ok(_) => {}
                Err(Errno::EAGAIN) => wait::sleep(Duration::from_millis(5))?,
                Err(error) => return Err(io::Error::from(error).into()),
            }
        }
        Ok(frames)
    }
}
