//! A TCP server for connections that last.

use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::{PATIENCE, Threads};
use crate::Host;

/// Answers every line with `NAME LINE`, for as long as the client likes.
#[derive(Debug)]
pub struct TcpEcho {
    _threads: Threads,
}

impl TcpEcho {
    /// Starts a server on the given addresses of a host. Dropping it closes its connections.
    pub fn start(host: &Host, name: &str, addresses: &[SocketAddr]) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut threads = Threads::new(Arc::clone(&stop));
        for address in addresses {
            let listener = host.enter(|| Ok(TcpListener::bind(address)?));
            let listener = listener.with_context(|| format!("{} cannot bind {address}", host.name()))?;
            listener.set_nonblocking(true)?;
            let (name, stop) = (name.to_owned(), Arc::clone(&stop));
            threads.handles.push(thread::spawn(move || accept(&listener, &name, &stop)));
        }
        Ok(Self { _threads: threads })
    }
}

fn accept(listener: &TcpListener, name: &str, stop: &Arc<AtomicBool>) {
    let mut connections = Threads::new(Arc::clone(stop));
    while !stop.load(Ordering::Relaxed) {
        let Ok((stream, _)) = listener.accept() else {
            thread::sleep(Duration::from_millis(2));
            continue;
        };
        let (name, stop) = (name.to_owned(), Arc::clone(stop));
        connections.handles.retain(|handle| !handle.is_finished());
        connections.handles.push(thread::spawn(move || drop(echo(&stream, &name, &stop))));
    }
}

fn echo(stream: &TcpStream, name: &str, stop: &AtomicBool) -> Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while !stop.load(Ordering::Relaxed) {
        match reader.read_line(&mut line) {
            Ok(0) => break,
            Ok(_) => {
                let mut writer = stream;
                writer.write_all(format!("{name} {line}").as_bytes())?;
                line.clear();
            }
            // Nothing yet; what has come of a line stays in `line`.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
