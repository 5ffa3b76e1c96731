//! The `courant-bench` command.

use std::process::ExitCode;

use clap::Parser;
use courant_bench::Cli;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line, whatever the causes: "cannot open the store: the disk is full".
            eprintln!("courant-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
