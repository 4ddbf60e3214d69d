//! HTTP connections, of the API and of the metrics: none may keep the daemon from ending, nor a descriptor for ever.

use std::{pin::pin, time::Duration};

use axum::{Router, serve::Listener};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{io, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;
use tracing::debug;

/// How long a client may take to send the head of a request, or to think of the next one.
const HEAD: Duration = Duration::from_secs(30);
/// How long requests that are being answered may take once the daemon ends.
const GRACE: Duration = Duration::from_secs(2);
/// Most connections at a time; others wait to be accepted.
const MOST: usize = 64;

/// Answers until `stop`, and a moment longer what is being answered then.
pub(crate) async fn serve(mut listener: impl Listener, router: Router, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            (stream, _peer) = listener.accept(), if connections.len() < MOST => {
                connections.spawn(converse(stream, router.clone(), stop.clone()));
            }
            Some(_ended) = connections.join_next() => {}
            () = stop.cancelled() => break,
        }
    }
    drop(listener);
    let ended = timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
    if ended.is_err() {
        debug!(connections = connections.len(), "cut off");
    }
}

/// One connection with its requests.
async fn converse<S>(stream: S, router: Router, stop: CancellationToken)
where
    S: io::AsyncRead + io::AsyncWrite + Unpin + Send,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a client's connection broke");
    }
}

#[cfg(test)]
mod tests {
    use std::future;

    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, TcpStream},
        time::Instant,
    };

    use super::*;

    /// Sends `said`, ends the server, and returns what came back and how long its end took.
    async fn check(said: &str) -> (String, Duration) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/soon", get(async || tokio::time::sleep(Duration::from_millis(300)).await))
            .route("/never", get(future::pending::<()>));
        let stop = CancellationToken::new();
        let server = tokio::spawn(serve(listener, router, stop.clone()));
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(said.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let start = Instant::now();
        stop.cancel();
        server.await.unwrap();
        let mut answer = String::new();
        let _reset_or_closed = client.read_to_string(&mut answer).await;
        (answer, start.elapsed())
    }

    #[tokio::test]
    async fn no_client_keeps_the_server_from_ending() {
        for said in
            ["", "GET /soon HTTP/1.1\r\nhost: x\r\nx-half: ", "GET /never HTTP/1.1\r\nhost: x\r\n\r\n"]
        {
            let (answer, took) = check(said).await;
            assert!(answer.is_empty() && took < GRACE * 2, "{said:?}: {took:?} {answer}");
        }
    }

    #[tokio::test]
    async fn what_is_being_answered_is_answered() {
        let (answer, took) = check("GET /soon HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200") && took < GRACE, "{took:?} {answer}");
    }
}
