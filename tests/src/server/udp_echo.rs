//! A UDP server that says who it is.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context as _, Result};

use super::{PATIENCE, Threads};
use crate::Host;

/// Answers every datagram with `NAME PEER PAYLOAD`, from the very address it was sent to (a wildcard socket would let
/// the kernel choose another one on a host that holds a virtual address).
#[derive(Debug)]
pub struct UdpEcho {
    _threads: Threads,
}

impl UdpEcho {
    /// Starts a server on the given addresses of a host.
    pub fn start(host: &Host, name: &str, addresses: &[SocketAddr]) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut threads = Threads::new(Arc::clone(&stop));
        for address in addresses {
            let socket = host.enter(|| Ok(UdpSocket::bind(address)?));
            let socket = socket.with_context(|| format!("{} cannot bind {address}", host.name()))?;
            socket.set_read_timeout(Some(PATIENCE))?;
            let (name, stop) = (name.to_owned(), Arc::clone(&stop));
            threads.handles.push(thread::spawn(move || serve(&socket, &name, &stop)));
        }
        Ok(Self { _threads: threads })
    }
}

fn serve(socket: &UdpSocket, name: &str, stop: &AtomicBool) {
    let mut buffer = vec![0; 65_536];
    while !stop.load(Ordering::Relaxed) {
        // Nothing yet, or a refused answer reported late: neither is our end.
        let Ok((length, peer)) = socket.recv_from(&mut buffer) else { continue };
        let mut answer = format!("{name} {peer} ").into_bytes();
        answer.extend(buffer.iter().take(length));
        // A datagram that cannot be sent is lost, as datagrams are.
        let _ = socket.send_to(&answer, peer);
    }
}
