//! The xdp-lb binary: everything is in the library.

use std::process::ExitCode;

use clap::Parser as _;
use xdp_lb::cli::Cli;

#[expect(clippy::print_stderr, reason = "the one place where a command's failure is shown")]
fn main() -> ExitCode {
    match Cli::parse().execute() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xdp-lb: {error:#}");
            ExitCode::FAILURE
        }
    }
}
