//! `courant bench`: the figures that the documentation states, measured again.

use clap::{Args, Subcommand};

mod crawl;
mod inference;
mod peer;
mod ramp;
mod running;
mod start;
mod vectors;

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
    /// Crawl generated sites on loopback, through the whole pipeline in one process
    #[command(after_help = "Example:\n  courant bench crawl --hosts 500 --json")]
    Crawl(crawl::CrawlArgs),
    /// Embed texts of mixed lengths through the encoder, beside loops over bare sessions
    #[command(after_help = "Example:\n  courant bench inference --rounds 5 --json")]
    Inference(inference::InferenceArgs),
    /// Send texts to `/v1/embed` of a pipeline, from 1 client to 64
    #[command(after_help = "Example:\n  courant bench ramp --clients 1,8,64 --seconds 10")]
    Ramp(ramp::RampArgs),
    /// Find the nearest rows of a matrix, and spread activation over a graph
    #[command(after_help = "Example:\n  courant bench vectors --rows 100000 --json")]
    Vectors(vectors::VectorsArgs),
}

/// Measures what was asked for.
pub(crate) fn run(args: &BenchArgs) -> anyhow::Result<()> {
    match &args.what {
        What::Start(args) => start::run(args),
        What::Crawl(args) => crawl::run(args),
        What::Inference(args) => inference::run(args),
        What::Ramp(args) => ramp::run(args),
        What::Vectors(args) => vectors::run(args),
    }
}
