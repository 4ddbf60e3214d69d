//! The command line.

mod backend;
mod check;
mod detach;
mod output;
mod plan;
mod reload;
mod run;
mod signals;
mod status;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Layer-4 load balancer in XDP.
#[derive(Debug, Parser)]
#[command(name = "xdp-lb", version, propagate_version = true, disable_help_subcommand = false)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Where the daemon answers.
#[derive(Clone, Debug, Args)]
struct SocketOption {
    /// The daemon's API socket.
    #[arg(
        long,
        global = true,
        env = "XDP_LB_SOCKET",
        default_value = "/run/xdp-lb/api.sock",
        value_name = "PATH"
    )]
    socket: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The daemon, in the foreground: loads and attaches the program, fills its maps and keeps them right.
    ///
    /// SIGHUP reads the configuration again. SIGTERM and SIGINT end the daemon; the datapath forwards on without it,
    /// until the next daemon takes over or `xdp-lb detach` takes it away.
    Run(run::Options),
    /// Is this configuration right?
    Check(check::Options),
    /// What would this configuration change, and how many slots and connections would it move? Nothing is applied.
    Plan(plan::Options),
    /// Has the daemon read its configuration again.
    Reload(reload::Options),
    /// Drain a backend, take it out and back, change its weight, add or remove one.
    Backend(backend::Options),
    /// Services, backends, health with reasons, counters.
    Status(status::Options),
    /// Takes the program off the interfaces and unpins everything, daemon or not.
    Detach(detach::Options),
}

impl Cli {
    /// Does what the command line says.
    ///
    /// # Errors
    ///
    /// What failed, for people; the exit status is then 1.
    pub fn execute(self) -> anyhow::Result<()> {
        match self.command {
            Command::Run(options) => run::execute(&options),
            Command::Check(options) => check::execute(&options),
            Command::Plan(options) => plan::execute(options),
            Command::Reload(options) => reload::execute(options),
            Command::Backend(options) => backend::execute(options),
            Command::Status(options) => status::execute(options),
            Command::Detach(options) => detach::execute(&options),
        }
    }
}

/// Runs a command that asks the daemon.
fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}
