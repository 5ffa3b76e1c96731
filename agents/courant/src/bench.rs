//! `courant bench`: the figures that the documentation states, measured again.

use clap::{Args, Subcommand};

mod start;

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Start `courant run` until it answers a search by meaning, and its idle memory
    #[command(after_help = "Example:\n  courant bench start --starts 5 --json")]
    Start(start::StartArgs),
}

pub(crate) fn run(args: &BenchArgs) -> anyhow::Result<()> {
    match &args.what {
        What::Start(args) => start::run(args),
    }
}
