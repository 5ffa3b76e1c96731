//! The `courant` command.

use std::process::ExitCode;

use clap::Parser;
use courant::cli::Cli;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line, whatever the causes: "cannot open the store: the disk is full".
            eprintln!("courant: {error:#}");
            ExitCode::FAILURE
        }
    }
}
