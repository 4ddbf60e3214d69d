//! Clients that come at a fixed rate, whether those before them have been served or not.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use xdp_lb_lab::Host;

use super::{DURATION, RATE};

/// How long a client waits at most.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long each request took, one connection each, from the moment when it was due.
pub(crate) fn run(client: &Host, server: SocketAddr) -> Result<Vec<Duration>> {
    // One thread, inside the host: sockets belong to the namespace of the thread that makes them.
    client.enter(|| Builder::new_current_thread().enable_all().build()?.block_on(requests(server)))
}

async fn requests(server: SocketAddr) -> Result<Vec<Duration>> {
    let start = Instant::now();
    let mut all = JoinSet::new();
    for number in 0..RATE * DURATION.as_secs() as u32 {
        let due = start + Duration::from_secs(1) * number / RATE;
        sleep_until(due).await;
        all.spawn(async move {
            timeout(PATIENCE, request(server)).await.context("a request was not answered")??;
            Ok(due.elapsed())
        });
    }
    all.join_all().await.into_iter().collect()
}

async fn request(server: SocketAddr) -> Result<()> {
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(b"?").await?;
    stream.read_u8().await?;
    Ok(())
}
