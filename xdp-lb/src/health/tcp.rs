//! The TCP check: can a connection be opened?

use std::{io, net::SocketAddr, time::Duration};

use tokio::{net::TcpStream, time::timeout};

/// What became of a check. The texts are for people.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The backend was asked: what it said, or why it said nothing.
    Asked(Result<String, String>),
    /// This host could not ask, which says nothing about the backend.
    NotAsked(String),
}

/// Opens a connection within `limit` and resets it at once, so that neither side keeps it in TIME-WAIT.
pub(super) async fn connect(address: SocketAddr, limit: Duration) -> Outcome {
    match timeout(limit, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => {
            // Worth nothing but tidiness: a failure leaves an ordinary close.
            let _ordinary_close = stream.set_zero_linger();
            Outcome::Asked(Ok(format!("tcp {address}: connected")))
        }
        Ok(Err(error)) => failed(address, &error),
        Err(_elapsed) => Outcome::Asked(Err(format!(
            "tcp {address}: no answer within {}",
            humantime::format_duration(limit)
        ))),
    }
}

fn failed(address: SocketAddr, error: &io::Error) -> Outcome {
    let text = format!("tcp {address}: {}", describe(error));
    if is_local(error) { Outcome::NotAsked(text) } else { Outcome::Asked(Err(text)) }
}

/// Whether an error came about before anything was sent. Not among them: EACCES, which a router on the way can cause
/// by an ICMP message, and what routes say (ENETUNREACH, EHOSTUNREACH).
fn is_local(error: &io::Error) -> bool {
    const LOCAL: [i32; 7] = [
        // Descriptors of the process and of the host.
        libc::EMFILE,
        libc::ENFILE,
        // Memory.
        libc::ENOBUFS,
        libc::ENOMEM,
        // All ports to connect from are taken, or there is no address to.
        libc::EADDRNOTAVAIL,
        libc::EAFNOSUPPORT,
        // The host's own rules.
        libc::EPERM,
    ];
    error.raw_os_error().is_some_and(|code| LOCAL.contains(&code))
}

/// The usual errors in plain words, without the number.
fn describe(error: &io::Error) -> String {
    let words = [
        (io::ErrorKind::ConnectionRefused, "connection refused"),
        (io::ErrorKind::ConnectionReset, "connection reset"),
        (io::ErrorKind::HostUnreachable, "no route to host"),
        (io::ErrorKind::NetworkUnreachable, "network unreachable"),
    ];
    let known = words.iter().find(|(kind, _)| *kind == error.kind());
    known.map_or_else(|| error.to_string(), |(_, words)| (*words).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_host_lacks_says_nothing_about_the_backend() {
        let address = SocketAddr::from(([10, 0, 0, 1], 80));
        let asked = |code| match failed(address, &io::Error::from_raw_os_error(code)) {
            Outcome::Asked(result) => result.is_err(),
            Outcome::NotAsked(_) => false,
        };
        for code in
            [libc::ECONNREFUSED, libc::ECONNRESET, libc::EHOSTUNREACH, libc::ENETUNREACH, libc::EACCES]
        {
            assert!(asked(code), "{code}");
        }
        for code in
            [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM, libc::EADDRNOTAVAIL, libc::EPERM]
        {
            assert!(!asked(code), "{code}");
        }
        let refused = Outcome::Asked(Err("tcp 10.0.0.1:80: connection refused".to_owned()));
        assert_eq!(failed(address, &io::Error::from_raw_os_error(libc::ECONNREFUSED)), refused);
    }
}
