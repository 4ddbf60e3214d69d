//! `xdp-lb reload`.

use clap::Args;

use super::{SocketOption, block_on, output};
use crate::api::Client;

/// Options of `reload`.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    socket: SocketOption,
}

pub(super) fn execute(options: Options) -> anyhow::Result<()> {
    block_on(async { Ok(Client::new(options.socket.socket).reload().await?) })?;
    output::print("reloaded")
}
