//! A connection that lasts, to a [`TcpEcho`](crate::server::TcpEcho).

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrStorage, bind, connect, setsockopt, socket, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike as _};

use super::Failure;

/// An open connection on which lines are exchanged.
#[derive(Debug)]
pub struct Conversation {
    stream: BufReader<TcpStream>,
}

impl Conversation {
    /// Connects; `timeout` holds for this and for every later exchange.
    pub fn open(server: SocketAddr, timeout: Duration) -> Result<Self, Failure> {
        let stream = TcpStream::connect_timeout(&server, timeout);
        Self::over(stream.map_err(|error| Failure::connecting(&error))?, timeout)
    }

    /// The same from one of the client's addresses.
    pub fn open_from(source: IpAddr, server: SocketAddr, timeout: Duration) -> Result<Self, Failure> {
        let stream = connected(source, server, timeout).map_err(|error| {
            // What a blocking connect says when its time is over.
            let error = if error == Errno::EINPROGRESS { Errno::ETIMEDOUT } else { error };
            Failure::connecting(&error.into())
        })?;
        Self::over(stream, timeout)
    }

    fn over(stream: TcpStream, timeout: Duration) -> Result<Self, Failure> {
        stream.set_read_timeout(Some(timeout)).map_err(|error| Failure::talking(&error))?;
        stream.set_nodelay(true).map_err(|error| Failure::talking(&error))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends a line and returns the name of the server that echoed it.
    pub fn say(&mut self, line: &str) -> Result<String, Failure> {
        let mut answer = String::new();
        self.stream
            .get_mut()
            .write_all(format!("{line}\n").as_bytes())
            .and_then(|()| self.stream.read_line(&mut answer))
            .map_err(|error| Failure::talking(&error))?;
        match answer.trim_end().split_once(' ') {
            Some((server, echo)) if echo == line => Ok(server.to_owned()),
            Some(_) | None => Err(Failure::Short),
        }
    }

    /// Ends it by an RST, as by the kernel of a client that was killed.
    pub fn reset(self) -> Result<(), Failure> {
        let at_once = libc::linger { l_onoff: 1, l_linger: 0 };
        setsockopt(self.stream.get_ref(), sockopt::Linger, &at_once)
            .map_err(|error| Failure::talking(&error.into()))
    }

    /// The client's own address.
    pub fn local_address(&self) -> Result<SocketAddr, Failure> {
        self.stream.get_ref().local_addr().map_err(|error| Failure::talking(&error))
    }
}

fn connected(source: IpAddr, server: SocketAddr, timeout: Duration) -> nix::Result<TcpStream> {
    let family = if server.is_ipv6() { AddressFamily::Inet6 } else { AddressFamily::Inet };
    let socket: OwnedFd = socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    bind(socket.as_raw_fd(), &SockaddrStorage::from(SocketAddr::new(source, 0)))?;
    let limit = TimeVal::milliseconds(i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX));
    setsockopt(&socket, sockopt::SendTimeout, &limit)?;
    connect(socket.as_raw_fd(), &SockaddrStorage::from(server))?;
    Ok(socket.into())
}
