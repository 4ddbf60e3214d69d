//! A small HTTP/1.1 client: one connection per request, and a precise account of what went wrong.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::Failure;

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Response {
    /// Such as 200.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Complete: a shorter one than announced is a [`Failure::Short`].
    pub body: Vec<u8>,
}

impl Response {
    /// The value of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The body as text, without the line end.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).trim_end().to_owned()
    }
}

/// Fetches `path` from `server` on a new connection; `timeout` limits the whole of it.
pub fn get(server: SocketAddr, path: &str, timeout: Duration) -> Result<Response, Failure> {
    let deadline = Instant::now() + timeout;
    let mut stream =
        TcpStream::connect_timeout(&server, timeout).map_err(|error| Failure::connecting(&error))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(|error| Failure::talking(&error))?;
    let answer = read_to_end(&mut stream, deadline)?;
    parse(&answer).ok_or(Failure::Short)
}

fn read_to_end(stream: &mut TcpStream, deadline: Instant) -> Result<Vec<u8>, Failure> {
    let mut answer = Vec::new();
    let mut buffer = vec![0; 65_536];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        // Zero would mean no limit.
        if left.is_zero() {
            return Err(Failure::Timeout);
        }
        stream.set_read_timeout(Some(left)).map_err(|error| Failure::talking(&error))?;
        let length = stream.read(&mut buffer).map_err(|error| Failure::talking(&error))?;
        if length == 0 {
            return Ok(answer);
        }
        answer.extend(buffer.iter().take(length));
    }
}

fn parse(answer: &[u8]) -> Option<Response> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, rest) = answer.split_at(end);
    let body = rest.get(4..)?.to_vec();
    let head = std::str::from_utf8(head).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.split(' ').next()?.parse().ok()?;
    let headers: Option<Vec<_>> = lines
        .map(|line| {
            line.split_once(':').map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        })
        .collect();
    let response = Response { status, headers: headers?, body };
    let announced = response.header("content-length").and_then(|length| length.parse().ok());
    announced.is_none_or(|length: usize| length == response.body.len()).then_some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_status_headers_and_body() {
        let response =
            parse(b"HTTP/1.1 200 OK\r\nX-Server: web-1\r\nContent-Length: 6\r\n\r\nweb-1\n").unwrap();
        assert_eq!((response.status, response.text().as_str()), (200, "web-1"));
        assert_eq!(response.header("x-server"), Some("web-1"));
    }

    #[test]
    fn a_cut_answer_is_none() {
        for cut in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nweb"] {
            assert!(parse(cut.as_bytes()).is_none(), "{cut:?}");
        }
    }
}
