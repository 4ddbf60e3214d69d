//! The command line.

mod backend;
mod check;
mod detach;
mod output;
mod plan;
mod reload;
mod run;
mod signals;
mod simulate;
mod status;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Shown below the help.
const EXIT_STATUS: &str = "Exit status: 0 done, 1 failed (standard error says why), 2 wrong usage";

/// Layer-4 load balancer in XDP.
#[derive(Debug, Parser)]
#[command(name = "xdp-lb", version, propagate_version = true, after_help = EXIT_STATUS)]
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
    /// Run the daemon, in the foreground: it loads and attaches the program, fills its maps and keeps them right.
    ///
    /// SIGHUP has it read its configuration again. SIGTERM and SIGINT end it; the datapath forwards on without it, until
    /// the next daemon takes over or `xdp-lb detach` takes it away. It logs to standard error, and tells systemd when it
    /// is ready.
    Run(run::Options),
    /// Check a configuration file: errors and warnings with their place. Needs neither root nor a daemon.
    #[command(after_help = EXIT_STATUS)]
    Check(check::Options),
    /// Show what a configuration would change, and how many slots and connections it would move. Nothing is applied.
    Plan(plan::Options),
    /// Have the daemon read its configuration again. A wrong one is refused with what is wrong, and nothing changes.
    Reload(reload::Options),
    /// Drain a backend, take it out and back, change its weight, add or remove one.
    ///
    /// What is said here outlives reloads and restarts of the daemon. It is not written to the configuration.
    Backend(backend::Options),
    /// Show services and backends with their health, the reasons, connections and rates.
    ///
    /// "!" marks backends that get no packets though they should. SHARE is the part of the service's slots that a backend
    /// owns, and SINCE how long its health has been as it is. LIVE are its established connections, where the service
    /// has all of them noted. NEW/S are new TCP connections and PACKETS/S packets from clients, per second over the last
    /// few seconds; "-" is not known (yet). What is "so far" was counted since the maps were made; bytes are those of
    /// packets from clients, with their Ethernet headers.
    Status(status::Options),
    /// Simulate what becomes of connections while backends come, go and change weight. Needs neither root nor a daemon.
    ///
    /// It drives the product's own code with up to millions of connections in simulated time, and beside it, under the
    /// same traffic and changes, what others do: Maglev tables rebuilt at every change, with an LRU table of connections
    /// that has as many entries, and alone. A connection is broken when a packet of its goes to another backend than the
    /// ones before though that backend is alive.
    Simulate(simulate::Options),
    /// Take the program off the interfaces and unpin everything, whether a daemon runs or not: nothing is balanced then.
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
            Command::Simulate(options) => simulate::execute(&options),
            Command::Detach(options) => detach::execute(&options),
        }
    }
}

/// Runs a command that asks the daemon.
fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}
