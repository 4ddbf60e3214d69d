//! Servers that run on hosts.

mod nginx;
mod tcp_echo;
mod udp_echo;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

pub use nginx::{Nginx, big_file};
pub use tcp_echo::TcpEcho;
pub use udp_echo::UdpEcho;

/// How often an idle server thread looks whether it should end.
const PATIENCE: Duration = Duration::from_millis(50);

/// Threads that end, and are waited for, when this is dropped: they hold on to their host's namespace.
#[derive(Debug)]
struct Threads {
    stop: Arc<AtomicBool>,
    handles: Vec<JoinHandle<()>>,
}

impl Threads {
    fn new(stop: Arc<AtomicBool>) -> Self {
        Self { stop, handles: Vec::new() }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for handle in self.handles.drain(..) {
            // A server thread that has panicked has said so; its clients notice.
            let _ = handle.join();
        }
    }
}
