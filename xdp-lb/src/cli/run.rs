//! `xdp-lb run`: the daemon.

use std::{io, path::PathBuf, time::Duration};

use anyhow::Context as _;
use clap::Args;
use sd_notify::NotifyState;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use tracing_subscriber::EnvFilter;

use super::{output, signals::Signals};
use crate::{
    api::{self, Snapshots, Socket},
    capabilities,
    config::{self, Config, ThisHost},
    control::{self, Ended, Owner},
    health, metrics, rates,
};

/// Options of `run`.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The configuration file.
    #[arg(long, default_value = "/etc/xdp-lb/config.toml", value_name = "FILE")]
    config: PathBuf,
    /// What is logged: a level (error, warn, info, debug, trace), or levels by module such as
    /// `info,xdp_lb::net=debug`.
    #[arg(long, env = "XDP_LB_LOG", default_value = "info", value_name = "FILTER")]
    log: String,
}

pub(super) fn execute(options: &Options) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&options.log).with_context(|| format!("--log {}", options.log))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(output::stderr_color())
        .with_target(false)
        .init();
    let loaded = config::load(&options.config, &ThisHost)
        .map_err(|report| anyhow::anyhow!("{}", report.render(output::stderr_color())))?;
    if !loaded.warnings.is_empty() {
        warn!("\n{}", loaded.warnings);
    }
    capabilities::require()?;
    match health::raise_descriptors() {
        Ok(limit) => info!(limit, "open files"),
        Err(error) => warn!(%error, "the limit of open files cannot be raised"),
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let result = runtime.block_on(run(options.config.clone(), loaded.config));
    // Reading counters ends by itself; whatever else is at work aside is not waited for.
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

async fn run(file: PathBuf, config: Config) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    let socket = Socket::bind(&config.api.socket)?;
    let listener = match config.metrics {
        None => None,
        Some(metrics) => {
            let listen = metrics.listen;
            let listener = TcpListener::bind(listen).await;
            Some(listener.with_context(|| format!("cannot listen on {listen} for [metrics]"))?)
        }
    };
    let owner = tokio::select! {
        owner = control::start(file, config) => owner?,
        () = signals.end() => return Ok(()),
    };
    serve(owner, socket, listener, signals).await
}

async fn serve(
    owner: Owner,
    socket: Socket,
    listener: Option<TcpListener>,
    signals: Signals,
) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let (publisher, rates) = rates::channel();
    let sampling = tokio::spawn(rates::run(owner.handle(), owner.reader(), publisher, stop.clone()));
    let snapshots = Snapshots::new(owner.handle(), owner.reader(), rates);
    let signals = tokio::spawn(signals.obey(owner.handle(), stop.clone()));
    let api = tokio::spawn(api::serve(socket, snapshots.clone(), stop.clone()));
    let metrics = listener.map(|listener| {
        let (snapshots, stop) = (snapshots, stop.clone());
        tokio::spawn(async move {
            metrics::serve(listener, snapshots, stop).await;
            Ok(())
        })
    });
    info!("ready");
    if let Err(error) = sd_notify::notify(&[NotifyState::Ready]) {
        warn!(%error, "the service manager could not be told");
    }
    let ended = owner.run(stop.clone()).await;
    stop.cancel();
    signals.abort();
    sampling.abort();
    for (what, server) in [("the API", Some(api)), ("metrics", metrics)] {
        let Some(server) = server else { continue };
        match server.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => error!(%error, "{what} ended early"),
            Err(error) => error!(%error, "{what} ended early"),
        }
    }
    match ended {
        Ended::Stopped | Ended::Detached => Ok(()),
    }
}
