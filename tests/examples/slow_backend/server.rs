//! Servers that take their time.

use std::net::{SocketAddr, TcpListener as Listener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio::time::sleep;
use xdp_lb_lab::topology::Network;

use super::{DELAYS, WORKERS};
use crate::report::Peaks;

const LOOK: Duration = Duration::from_millis(5);

/// One server on each backend. Dropping it ends them.
pub(crate) struct Servers {
    _runtime: Runtime,
    servers: Vec<Arc<Server>>,
}

struct Server {
    delay: Duration,
    workers: Semaphore,
    open: AtomicU64,
    served: AtomicU64,
}

impl Servers {
    pub(crate) fn start(network: &Network, addresses: &[SocketAddr]) -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let mut servers = Vec::new();
        for ((node, address), delay) in network.backends.iter().zip(addresses).zip(DELAYS) {
            let listener = node.host.enter(|| Ok(Listener::bind(address)?))?;
            listener.set_nonblocking(true)?;
            let _inside = runtime.enter();
            let listener = TcpListener::from_std(listener)?;
            let (open, served) = (AtomicU64::new(0), AtomicU64::new(0));
            let own = Arc::new(Server { delay, workers: Semaphore::new(WORKERS), open, served });
            servers.push(Arc::clone(&own));
            runtime.spawn(accept(listener, own));
        }
        Ok(Self { _runtime: runtime, servers })
    }

    /// How many connections each has had.
    pub(crate) fn served(&self) -> Vec<u64> {
        self.servers.iter().map(|server| server.served.load(Ordering::Relaxed)).collect()
    }

    /// Does something and watches open connections meanwhile.
    pub(crate) fn watch<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<(T, Peaks)> {
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let watching = scope.spawn(|| {
                let mut peaks = Peaks::default();
                while !done.load(Ordering::Relaxed) {
                    peaks.note(self.servers.iter().map(|server| server.open.load(Ordering::Relaxed)));
                    thread::sleep(LOOK);
                }
                peaks
            });
            let result = work();
            done.store(true, Ordering::Relaxed);
            // It only counts, and does not panic.
            Ok((result?, watching.join().unwrap_or_default()))
        })
    }
}

async fn accept(listener: TcpListener, server: Arc<Server>) {
    loop {
        // A client that has given up is none of our business.
        let Ok((stream, _)) = listener.accept().await else { continue };
        server.open.fetch_add(1, Ordering::Relaxed);
        server.served.fetch_add(1, Ordering::Relaxed);
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let _gone = server.answer(stream).await;
            server.open.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

impl Server {
    async fn answer(&self, mut stream: TcpStream) -> Result<()> {
        stream.read_u8().await?;
        let _turn = self.workers.acquire().await?;
        sleep(self.delay).await;
        stream.write_all(b"!").await?;
        Ok(())
    }
}
