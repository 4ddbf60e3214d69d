//! The command line's side.

use std::{io, path::PathBuf, time::Duration};

use http_body_util::{BodyExt as _, Empty};
use hyper::{Method, Request, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{net::UnixStream, time::timeout};

use super::{ErrorBody, RELOAD, STATUS, Status};

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
        Ok(serde_json::from_slice(&self.call(Method::GET, STATUS).await?)?)
    }

    /// Has it read its configuration again.
    pub async fn reload(&self) -> Result<(), ClientError> {
        self.call(Method::POST, RELOAD).await.map(drop)
    }

    async fn call(&self, method: Method, path: &str) -> Result<Bytes, ClientError> {
        timeout(LIMIT, self.exchange(method, path)).await.map_err(|_elapsed| ClientError::Silent)?
    }

    async fn exchange(&self, method: Method, path: &str) -> Result<Bytes, ClientError> {
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
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap_or_default();
        request.headers_mut().insert(hyper::header::HOST, hyper::header::HeaderValue::from_static("xdp-lb"));
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
