//! The `courant` command.

use std::process::ExitCode;

use courant::cli::Cli;
use courant::noteln;

fn main() -> ExitCode {
    match courant_service::command_line::<Cli>().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The error and its causes in one line: "cannot open the store: the disk is full".
            noteln!("courant: {}", courant_service::in_one_line(&error));
            ExitCode::FAILURE
        }
    }
}
