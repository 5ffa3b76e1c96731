//! `courant-bench`: measures the figures that the documentation states.

use clap::{Parser, Subcommand};

mod crawl;
mod gateway;
mod inference;
mod peer;
mod ramp;
mod running;
mod start;
mod store;
mod vectors;

/// Measures on this machine the figures that the documentation states.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Start `courant run` until it answers a search by meaning, and its idle memory
    #[command(after_help = "Example:\n  courant-bench start --starts 5 --json")]
    Start(start::StartArgs),
    /// Crawl generated sites on loopback, through the whole pipeline in one process
    #[command(after_help = "Example:\n  courant-bench crawl --hosts 500 --json")]
    Crawl(crawl::CrawlArgs),
    /// Submit and search through each face of a gateway, with 1 client to 256
    #[command(after_help = "Example:\n  courant-bench gateway --clients 1,16,256 --json")]
    Gateway(gateway::GatewayArgs),
    /// Embed texts of mixed lengths through the encoder, beside loops over bare sessions
    #[command(after_help = "Example:\n  courant-bench inference --rounds 5 --json")]
    Inference(inference::InferenceArgs),
    /// Send texts to `/v1/embed` of a pipeline, from 1 client to 64
    #[command(after_help = "Example:\n  courant-bench ramp --clients 1,8,64 --seconds 10")]
    Ramp(ramp::RampArgs),
    /// Store, index, search and count synthetic articles, beside SQLite's own full text
    #[command(after_help = "Example:\n  courant-bench store --scale 100000 --json")]
    Store(store::StoreArgs),
    /// Find the nearest rows of a matrix, and spread activation over a graph
    #[command(after_help = "Example:\n  courant-bench vectors --rows 100000 --json")]
    Vectors(vectors::VectorsArgs),
}

impl Cli {
    /// Runs the chosen benchmark and prints its figures.
    ///
    /// # Errors
    /// Fails if the benchmark fails.
    pub fn run(&self) -> anyhow::Result<()> {
        match &self.bench {
            Bench::Start(args) => start::run(args),
            Bench::Crawl(args) => crawl::run(args),
            Bench::Gateway(args) => gateway::run(args),
            Bench::Inference(args) => inference::run(args),
            Bench::Ramp(args) => ramp::run(args),
            Bench::Store(args) => store::run(args),
            Bench::Vectors(args) => vectors::run(args),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_has_help_with_an_example() {
        for command in Cli::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example:"), "{}: {help}", command.get_name());
        }
    }
}
