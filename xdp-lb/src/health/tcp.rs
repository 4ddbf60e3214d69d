//! The TCP check: can a connection be opened?

use std::{io, net::SocketAddr, time::Duration};

use tokio::{net::TcpStream, time::timeout};

/// Opens a connection within `limit` and resets it at once, so that neither side keeps it in TIME-WAIT.
///
/// The text says what happened, for people.
pub(super) async fn connect(address: SocketAddr, limit: Duration) -> Result<String, String> {
    match timeout(limit, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => {
            // Worth nothing but tidiness: a failure leaves an ordinary close.
            let _ordinary_close = stream.set_zero_linger();
            Ok(format!("tcp {address}: connected"))
        }
        Ok(Err(error)) => Err(format!("tcp {address}: {}", describe(&error))),
        Err(_elapsed) => {
            Err(format!("tcp {address}: no answer within {}", humantime::format_duration(limit)))
        }
    }
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
