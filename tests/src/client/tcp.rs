//! A connection that lasts, to a [`TcpEcho`](crate::server::TcpEcho).

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::Failure;

/// An open connection on which lines are exchanged.
#[derive(Debug)]
pub struct Conversation {
    stream: BufReader<TcpStream>,
}

impl Conversation {
    /// Connects; `timeout` holds for this and for every later exchange.
    pub fn open(server: SocketAddr, timeout: Duration) -> Result<Self, Failure> {
        let stream =
            TcpStream::connect_timeout(&server, timeout).map_err(|error| Failure::connecting(&error))?;
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

    /// The client's own address.
    pub fn local_address(&self) -> Result<SocketAddr, Failure> {
        self.stream.get_ref().local_addr().map_err(|error| Failure::talking(&error))
    }
}
