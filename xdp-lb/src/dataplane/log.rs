//! What the program logs, forwarded to the daemon's log. It logs nothing per packet: only what must never happen.
#![expect(unsafe_code, reason = "tokio wants to be told that a descriptor stays the same")]

use aya_log::EbpfLogger;
use tokio::io::unix::AsyncFd;
use tracing::warn;

use super::Dataplane;

impl Dataplane {
    /// Forwards the program's log from now on, in a task of its own.
    pub fn forward_log(&mut self) {
        let logger = match EbpfLogger::init(&mut self.ebpf) {
            Ok(logger) => logger,
            Err(error) => return warn!(%error, "the program's log cannot be opened"),
        };
        // SAFETY: the logger owns its ring buffer's descriptor and gives the same one out as long as it lives.
        match unsafe { AsyncFd::register(logger) } {
            Ok(logger) => drop(tokio::spawn(forward(logger))),
            Err(error) => warn!(%error, "the program's log cannot be read"),
        }
    }
}

async fn forward(mut logger: AsyncFd<EbpfLogger<&'static dyn log::Log>>) {
    while let Ok(mut ready) = logger.readable_mut().await {
        ready.get_inner_mut().flush();
        ready.clear_ready();
    }
}
