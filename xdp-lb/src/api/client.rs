//! The command line's side.

use std::{io, path::PathBuf, time::Duration};

use http_body_util::{BodyExt as _, Full};
use hyper::{
    Method, Request,
    body::Bytes,
    client::conn::http1,
    header::{self, HeaderValue},
};
use hyper_util::rt::TokioIo;
use tokio::{net::UnixStream, time::timeout};

use super::{ConfigText, ErrorBody, NewBackend, NewWeight, PLAN, RELOAD, STATUS, Status, backends::SERVICES};
use crate::model::{Admin, Plan};

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Asks the daemon behind a socket.
#[derive(Clone, Debug)]
pub struct Client {
    socket: PathBuf,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error("no daemon answers on {}; start it with `xdp-lb run --config FILE`, or name its socket by --socket", socket.display())]
    Absent {
        /// The socket.
        socket: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The caller may not use the socket.
    #[error("you may not use {}; try it as root", socket.display())]
    Denied {
        /// The socket.
        socket: PathBuf,
    },
    /// The daemon did not answer in time.
    #[error("the daemon did not answer within {} s", LIMIT.as_secs())]
    Silent,
    /// The connection broke.
    #[error("the daemon broke off")]
    Http(#[from] hyper::Error),
    /// The answer is of another version.
    #[error("the daemon's answer cannot be read; is it of another version?")]
    Answer(#[from] serde_json::Error),
    /// The daemon refused.
    #[error("{0}")]
    Refused(String),
}

impl Client {
    /// For the daemon behind `socket`.
    #[must_use]
    pub const fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    /// Its state.
    pub async fn status(&self) -> Result<Status, ClientError> {
        Ok(serde_json::from_slice(&self.call(Method::GET, STATUS, Bytes::new()).await?)?)
    }

    /// Has it read its configuration again.
    pub async fn reload(&self) -> Result<(), ClientError> {
        self.call(Method::POST, RELOAD, Bytes::new()).await.map(drop)
    }

    /// What a configuration would change.
    pub async fn plan(&self, config: &ConfigText) -> Result<Plan, ClientError> {
        let body = serde_json::to_vec(config)?.into();
        Ok(serde_json::from_slice(&self.call(Method::POST, PLAN, body).await?)?)
    }

    /// Sets a backend's admin state.
    pub async fn admin(&self, service: &str, backend: &str, admin: Admin) -> Result<(), ClientError> {
        let path = format!("{}/{admin}", backend_path(service, backend));
        self.call(Method::POST, &path, Bytes::new()).await.map(drop)
    }

    /// Sets a backend's weight; `None`: the configured one again.
    pub async fn weight(&self, service: &str, backend: &str, weight: Option<u16>) -> Result<(), ClientError> {
        let body = serde_json::to_vec(&NewWeight { weight })?.into();
        self.call(Method::PUT, &format!("{}/weight", backend_path(service, backend)), body).await.map(drop)
    }

    /// Adds a backend.
    pub async fn add(&self, service: &str, backend: &NewBackend) -> Result<(), ClientError> {
        let body = serde_json::to_vec(backend)?.into();
        self.call(Method::POST, &format!("{SERVICES}/{}/backends", escape(service)), body).await.map(drop)
    }

    /// Removes a backend; `now`: whatever connections it has.
    pub async fn remove(&self, service: &str, backend: &str, now: bool) -> Result<(), ClientError> {
        let path = format!("{}?now={now}", backend_path(service, backend));
        self.call(Method::DELETE, &path, Bytes::new()).await.map(drop)
    }

    async fn call(&self, method: Method, path: &str, body: Bytes) -> Result<Bytes, ClientError> {
        timeout(LIMIT, self.exchange(method, path, body)).await.map_err(|_elapsed| ClientError::Silent)?
    }

    async fn exchange(&self, method: Method, path: &str, body: Bytes) -> Result<Bytes, ClientError> {
        let socket = self.socket.clone();
        let stream = UnixStream::connect(&self.socket).await.map_err(|source| {
            if source.kind() == io::ErrorKind::PermissionDenied {
                ClientError::Denied { socket }
            } else {
                ClientError::Absent { socket, source }
            }
        })?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap_or_default();
        let headers = request.headers_mut();
        headers.insert(header::HOST, HeaderValue::from_static("xdp-lb"));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let answer = sender.send_request(request).await?;
        let code = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        if code.is_success() {
            return Ok(body);
        }
        let refused = serde_json::from_slice::<ErrorBody>(&body).map(|body| body.error);
        Err(ClientError::Refused(refused.unwrap_or_else(|_| format!("the daemon answered {code}"))))
    }
}

fn backend_path(service: &str, backend: &str) -> String {
    format!("{SERVICES}/{}/backends/{}", escape(service), escape(backend))
}

/// A name as a segment of a path (RFC 3986, section 2.1).
fn escape(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    name.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped() {
        assert_eq!(backend_path("web", "[fd00::1]:80"), "/v1/services/web/backends/%5Bfd00%3A%3A1%5D%3A80");
        assert_eq!(escape("a/b c"), "a%2Fb%20c");
    }
}
