//! A datagram and its answer, from a [`UdpEcho`](crate::server::UdpEcho).

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use super::Failure;

/// Sends `payload` from a new port and returns the name of the server that answered, and the client's address as that
/// server saw it. Answers from another address than the one asked do not count: the socket is connected.
pub fn ask(server: SocketAddr, payload: &[u8], timeout: Duration) -> Result<(String, SocketAddr), Failure> {
    let any = match server {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let open = || {
        let socket = UdpSocket::bind(any)?;
        socket.connect(server)?;
        socket.set_read_timeout(Some(timeout))?;
        Ok(socket)
    };
    let socket = open().map_err(|error| Failure::connecting(&error))?;
    let mut answer = vec![0; 65_536];
    let exchange = socket.send(payload).and_then(|_| socket.recv(&mut answer));
    let length = exchange.map_err(|error| Failure::talking(&error))?;
    answer.truncate(length);
    read(&answer, payload).ok_or(Failure::Short)
}

/// `NAME PEER PAYLOAD`
fn read(answer: &[u8], payload: &[u8]) -> Option<(String, SocketAddr)> {
    let head = answer.strip_suffix(payload)?;
    let (name, peer) = std::str::from_utf8(head).ok()?.trim_end().split_once(' ')?;
    Some((name.to_owned(), peer.parse().ok()?))
}
