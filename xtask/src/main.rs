//! `cargo xtask`: setup, build, demo, test and lint.
//!
//! Every verb finds or installs what it needs first, so that a newcomer runs one command and no other.

mod build;
mod command;
mod demo;
mod lint;
mod say;
mod setup;
mod test;
mod vm;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{build::Profile, workspace::Workspace};

/// Works on xdp-lb: sets this machine up, builds, demonstrates and tests.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Find or install all that the other verbs need (they do it themselves)
    Setup,
    /// Compile the XDP programs and the daemon that embeds them
    Build {
        /// Optimised, as it is deployed
        #[arg(long)]
        release: bool,
    },
    /// Balance real HTTP requests over real web servers, in network namespaces of its own
    Demo,
    /// Lint, then host tests, packet tables, network tests, and packet tables on other kernels
    Test,
    /// Formatting, clippy and file sizes
    Lint,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli.verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(verb: &Verb) -> anyhow::Result<()> {
    let workspace = Workspace::locate()?;
    match verb {
        Verb::Setup => setup::run(&workspace).map(drop),
        Verb::Build { release } => {
            let toolchain = setup::ensure(&workspace)?;
            build::run(&workspace, &toolchain, if *release { Profile::Release } else { Profile::Debug })
        }
        Verb::Demo => {
            let toolchain = setup::ensure(&workspace)?;
            build::run(&workspace, &toolchain, Profile::Debug)?;
            demo::run()
        }
        Verb::Test => {
            let toolchain = setup::ensure(&workspace)?;
            test::run(&workspace, &toolchain)
        }
        Verb::Lint => {
            let toolchain = setup::ensure(&workspace)?;
            lint::run(&workspace, &toolchain)
        }
    }
}
