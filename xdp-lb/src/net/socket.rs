//! Netlink sockets: one to ask, one to listen.
//!
//! They are apart so that a flood of changes cannot push out the answer to a request.

use std::{io, time::Duration};

use netlink_sys::{AsyncSocket, AsyncSocketExt, SocketAddr, TokioSocket, protocols::NETLINK_ROUTE};
use tokio::time::timeout;

use super::{
    NetError,
    wire::{Answer, Event, Outcome, Packet, Request},
};

/// The kernel answers while it takes the request; only a lost answer takes this long.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How many requests are under way at once: their answers fit the smallest usual receive buffer.
const PIPELINE: usize = 64;
/// The kernel's largest datagram is 32 KiB.
const DATAGRAM: usize = 64 * 1024;
/// Wanted size of the receive buffer in bytes; the kernel gives as much of it as the host allows.
const RECEIVE_BUFFER: i32 = 4 << 20;
/// Bits of the multicast groups: link, neighbour, IPv4 address, route, rule, IPv6 address, route, rule, next hop.
const GROUPS: u32 = 1 << 0 | 1 << 2 | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 18 | 1 << 31;

/// The kernel itself, among all who may send to a netlink socket.
const KERNEL: u32 = 0;

struct Socket {
    socket: TokioSocket,
    buffer: Vec<u8>,
}

impl Socket {
    fn open(groups: u32) -> Result<Self, NetError> {
        let open = || {
            let mut socket = TokioSocket::new(NETLINK_ROUTE)?;
            socket.socket_mut().bind(&SocketAddr::new(0, groups))?;
            socket.socket_ref().set_rx_buf_sz(RECEIVE_BUFFER)?;
            Ok(socket)
        };
        Ok(Self { socket: open().map_err(NetError::Open)?, buffer: Vec::with_capacity(DATAGRAM) })
    }

    /// The next datagram from the kernel. Nothing is lost if the future is dropped.
    async fn receive(&mut self) -> Result<&[u8], NetError> {
        loop {
            self.buffer.clear();
            match self.socket.recv_from(&mut self.buffer).await {
                Ok(sender) if sender.port_number() == KERNEL => return Ok(&self.buffer),
                Ok(_) => {}
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => return Err(NetError::Overrun),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// The socket to listen on.
pub(super) struct Events(Socket);

impl Events {
    /// Subscribes to every change that can alter a next hop.
    pub(super) fn subscribe() -> Result<Self, NetError> {
        Socket::open(GROUPS).map(Self)
    }

    /// The next changes; [`NetError::Overrun`] if some were lost, after which it goes on. Nothing is lost if the
    /// future is dropped.
    pub(super) async fn next(&mut self) -> Result<Vec<Event>, NetError> {
        let datagram = self.0.receive().await?;
        Ok(Packet::all(datagram).filter_map(|packet| Event::read(&packet)).collect())
    }
}

/// The socket to ask on.
pub(super) struct Requests {
    socket: Socket,
    sequence: u32,
}

impl Requests {
    pub(super) fn open() -> Result<Self, NetError> {
        Ok(Self { socket: Socket::open(0)?, sequence: 0 })
    }

    /// Lists a table. Asks again, a few times, if it changed meanwhile.
    pub(super) async fn list(
        &mut self,
        what: &'static str,
        request: Request,
    ) -> Result<Vec<Event>, NetError> {
        for _ in 0..3 {
            let (events, interrupted) = self.list_once(what, request).await?;
            if !interrupted {
                return Ok(events);
            }
        }
        // A table that changes this fast is followed by the changes themselves.
        self.list_once(what, request).await.map(|(events, _)| events)
    }

    async fn list_once(
        &mut self,
        what: &'static str,
        request: Request,
    ) -> Result<(Vec<Event>, bool), NetError> {
        let sequence = self.send(&[request]).await?;
        let (mut events, mut interrupted) = (Vec::new(), false);
        loop {
            let datagram = answer(&mut self.socket).await?;
            for packet in Packet::all(datagram).filter(|packet| packet.sequence == sequence) {
                interrupted |= packet.is_interrupted();
                if packet.is_done() {
                    return Ok((events, interrupted));
                }
                if let Some(Outcome(errno)) = Outcome::read(&packet) {
                    let source = io::Error::from_raw_os_error(errno);
                    return Err(NetError::Refused { what, source });
                }
                events.extend(Event::read(&packet));
            }
        }
    }

    /// Sends `requests` and returns their answers, in their order.
    pub(super) async fn ask<T: Answer>(&mut self, requests: &[Request]) -> Result<Vec<T>, NetError> {
        let mut answers = Vec::with_capacity(requests.len());
        for window in requests.chunks(PIPELINE) {
            let first = self.send(window).await?;
            let mut pending: Vec<Option<T>> = window.iter().map(|_| None).collect();
            while pending.iter().any(Option::is_none) {
                let datagram = answer(&mut self.socket).await?;
                for packet in Packet::all(datagram) {
                    let at = packet.sequence.wrapping_sub(first) as usize;
                    if let (Some(slot), Some(answer)) = (pending.get_mut(at), T::read(&packet)) {
                        *slot = Some(answer);
                    }
                }
            }
            answers.extend(pending.into_iter().flatten());
            // Thousands of requests must not keep the thread from others.
            tokio::task::yield_now().await;
        }
        Ok(answers)
    }

    /// Sends `requests` in one datagram; returns the first one's sequence number, the others follow.
    async fn send(&mut self, requests: &[Request]) -> Result<u32, NetError> {
        let first = self.sequence.wrapping_add(1);
        let mut datagram = Vec::new();
        for request in requests {
            self.sequence = self.sequence.wrapping_add(1);
            request.write(self.sequence, &mut datagram);
        }
        self.socket.socket.send_to(&datagram, &SocketAddr::new(KERNEL, 0)).await?;
        Ok(first)
    }
}

async fn answer(socket: &mut Socket) -> Result<&[u8], NetError> {
    timeout(ANSWER_TIMEOUT, socket.receive()).await.map_err(|_elapsed| NetError::Timeout)?
}
