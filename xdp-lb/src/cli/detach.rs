//! `xdp-lb detach`.

use std::path::PathBuf;

use clap::Args;

use super::output;
use crate::{config, dataplane};

/// Options of `detach`.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The configuration whose `[datapath] pin` is taken away; without it and without --pin, /sys/fs/bpf/xdp-lb.
    #[arg(long, value_name = "FILE", conflicts_with = "pin")]
    config: Option<PathBuf>,
    /// The pin folder to take away, where there is no configuration any more.
    #[arg(long, value_name = "PATH")]
    pin: Option<PathBuf>,
}

pub(super) fn execute(options: &Options) -> anyhow::Result<()> {
    let pin = match (&options.config, &options.pin) {
        (Some(file), _) => config::pin_of(file).map_err(|report| anyhow::anyhow!("{report}"))?,
        (None, Some(pin)) => pin.clone(),
        (None, None) => PathBuf::from(config::DEFAULT_PIN),
    };
    let removed = dataplane::remove(&pin)?;
    if !removed.found {
        let hidden = if dataplane::on_bpffs(&pin) {
            ""
        } else {
            "; there is no bpffs here (`ip netns exec` hides it, `nsenter --net=/run/netns/NAME` does not)"
        };
        return output::print(&format!("nothing is pinned in {}{hidden}", pin.display()));
    }
    match removed.interfaces.as_slice() {
        [] => output::print(&format!("unpinned {}; no interface had the program", pin.display()))?,
        names => output::print(&format!("detached from {}; unpinned {}", names.join(", "), pin.display()))?,
    }
    if removed.daemon {
        output::print("the daemon that ran on it ends by itself")?;
    }
    Ok(())
}
