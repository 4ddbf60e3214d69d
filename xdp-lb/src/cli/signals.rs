//! Signals, as messages.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::control::Handle;

/// The signals that the daemon listens to, from the moment this is made: none of them kills it any more.
#[derive(Debug)]
pub(super) struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for SIGTERM or SIGINT.
    pub(super) async fn end(&mut self) {
        tokio::select! {
            _signal = self.terminate.recv() => {}
            _signal = self.interrupt.recv() => {}
        }
    }

    /// Reloads on SIGHUP, stops on SIGTERM and SIGINT.
    pub(super) async fn obey(mut self, handle: Handle, stop: CancellationToken) {
        loop {
            tokio::select! {
                _signal = self.terminate.recv() => break,
                _signal = self.interrupt.recv() => break,
                _signal = self.hangup.recv() => {
                    info!("SIGHUP: reading the configuration again");
                    // The owner logs why a reload is refused.
                    let _logged = handle.reload().await;
                }
            }
        }
        info!("ending; the datapath forwards on (`xdp-lb detach` takes it away)");
        stop.cancel();
    }
}
