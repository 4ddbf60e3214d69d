//! `xdp-lb check`.

use std::path::PathBuf;

use clap::Args;

use super::output;
use crate::config::{self, ThisHost};

/// Options of `check`.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The configuration file.
    file: PathBuf,
}

pub(super) fn execute(options: &Options) -> anyhow::Result<()> {
    let loaded = config::load(&options.file, &ThisHost)
        .map_err(|report| anyhow::anyhow!("{}", report.render(output::stderr_color())))?;
    if !loaded.warnings.is_empty() {
        output::print(&loaded.warnings.render(output::stdout_color()))?;
    }
    let services = loaded.config.services.len();
    let backends: usize = loaded.config.services.iter().map(|service| service.backends.len()).sum();
    output::print(&format!("{} is right: {services} services, {backends} backends", options.file.display()))
}
