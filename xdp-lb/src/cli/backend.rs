//! `xdp-lb backend`.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::{Instant, sleep};

use super::{SocketOption, block_on, output};
use crate::{
    api::{Client, NewBackend},
    model::{Admin, Backend},
};

/// How often `--wait` looks.
const LOOK: Duration = Duration::from_millis(500);

/// Options of `backend`.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    socket: SocketOption,
    #[command(subcommand)]
    verb: Verb,
}

/// A backend of a service.
#[derive(Clone, Debug, Args)]
struct Target {
    /// The service's name.
    service: String,
    /// The backend's name, its address and port, or its address if no other has it.
    backend: String,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Let it take its share again.
    Ready(Target),
    /// Give it no new connections; those that it has go on.
    Drain {
        #[command(flatten)]
        target: Target,
        /// Return when it has no connections left. One without packets for the service's `drain_timeout` has ended.
        #[arg(long)]
        wait: bool,
        /// Give up waiting after this time ("30s", "5m"), with exit status 1; the backend goes on draining. Without it,
        /// wait however long it takes.
        #[arg(long, requires = "wait", value_name = "DURATION", value_parser = humantime::parse_duration)]
        timeout: Option<Duration>,
    },
    /// Take it out at once, whatever connections it has, until it is made ready again.
    Maint(Target),
    /// Change its share of new connections; those that it has go on.
    Weight {
        #[command(flatten)]
        target: Target,
        /// 0 to 65535, relative to the others of the service; 0: no new connections; "configured": as in the
        /// configuration.
        #[arg(value_parser = weight)]
        weight: Weight,
    },
    /// Add a backend that the configuration does not name. It stays over reloads and restarts until it is removed.
    Add {
        /// The service's name.
        service: String,
        /// Address and port, such as `10.0.1.11:8443` or `[2001:db8::11]:8443`; without a port, the service's.
        address: String,
        /// Its share of new connections, 0 to 65535, relative to the others of the service.
        #[arg(long, default_value_t = 1)]
        weight: u16,
        /// Its name; by default its address and port.
        #[arg(long)]
        name: Option<String>,
    },
    /// Remove it once its connections have ended. One that the configuration names is back after the next reload or start.
    Remove {
        #[command(flatten)]
        target: Target,
        /// At once, whatever connections it has.
        #[arg(long)]
        now: bool,
    },
}

/// A weight, or the configured one.
#[derive(Clone, Copy, Debug)]
struct Weight(Option<u16>);

fn weight(text: &str) -> Result<Weight, String> {
    if text == "configured" {
        return Ok(Weight(None));
    }
    text.parse()
        .map(|weight| Weight(Some(weight)))
        .map_err(|_not_a_number| "a weight is 0 to 65535, or \"configured\"".to_owned())
}

pub(super) fn execute(options: Options) -> anyhow::Result<()> {
    let client = Client::new(options.socket.socket);
    block_on(async move {
        match options.verb {
            Verb::Ready(target) => client.admin(&target.service, &target.backend, Admin::Ready).await?,
            Verb::Maint(target) => client.admin(&target.service, &target.backend, Admin::Maint).await?,
            Verb::Drain { target, wait, timeout } => {
                client.admin(&target.service, &target.backend, Admin::Drain).await?;
                if wait {
                    return drained(&client, &target, timeout).await;
                }
            }
            Verb::Weight { target, weight } => {
                client.weight(&target.service, &target.backend, weight.0).await?;
            }
            Verb::Add { service, address, weight, name } => {
                let address = endpoint(&client, &service, &address).await?;
                client.add(&service, &NewBackend { address, weight, name }).await?;
            }
            Verb::Remove { target, now } => client.remove(&target.service, &target.backend, now).await?,
        }
        output::print("done")
    })
}

/// An address with its port, or with the service's.
async fn endpoint(client: &Client, service: &str, address: &str) -> anyhow::Result<SocketAddr> {
    if let Ok(endpoint) = address.parse() {
        return Ok(endpoint);
    }
    let bare = address.trim_start_matches('[').trim_end_matches(']');
    let ip: IpAddr =
        bare.parse().with_context(|| format!("{address} is not an address, or an address and port"))?;
    let status = client.status().await?;
    let found = status.services.iter().find(|candidate| candidate.name == service);
    let service = found.with_context(|| format!("there is no service {service}"))?;
    let vip: SocketAddr = service.vip.parse()?;
    Ok(SocketAddr::new(ip, vip.port()))
}

/// Waits until nothing of the backend's is left, and shows how far it is.
async fn drained(client: &Client, target: &Target, timeout: Option<Duration>) -> anyhow::Result<()> {
    let end = timeout.map(|timeout| Instant::now() + timeout);
    let mut bar: Option<ProgressBar> = None;
    loop {
        let (left, what) = left(client, target).await?;
        let bar = bar.get_or_insert_with(|| progress(left, what));
        bar.set_position(bar.length().unwrap_or(left).saturating_sub(left));
        bar.set_message(left.to_string());
        if left == 0 {
            bar.finish_and_clear();
            return output::print("drained");
        }
        if end.is_some_and(|end| Instant::now() >= end) {
            bar.abandon();
            bail!("{left} {what}; the backend goes on draining");
        }
        sleep(LOOK).await;
    }
}

/// What is left of a backend, and what that is: connections where all of them are known, otherwise slots that may have
/// some.
async fn left(client: &Client, target: &Target) -> anyhow::Result<(u64, &'static str)> {
    const SLOTS: &str = "slots may still have connections";
    let status = client.status().await?;
    let service = status.services.iter().find(|service| service.name == target.service);
    let named = |backend: &&Backend| backend.name == target.backend || backend.address == target.backend;
    let Some(service) = service else { return Ok((0, SLOTS)) };
    let backend = service.backends.iter().find(named);
    Ok(match backend {
        Some(backend) if service.tracked => (backend.live + backend.pending, "connections are left"),
        Some(backend) => (u64::from((backend.slots + backend.giving_up).max(backend.lingering)), SLOTS),
        None => (0, SLOTS),
    })
}

fn progress(count: u64, what: &str) -> ProgressBar {
    let template = format!("{{bar:40}} {{msg}} {what}, {{elapsed}}");
    let style = ProgressStyle::with_template(&template);
    ProgressBar::new(count).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
