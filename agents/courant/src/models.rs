//! `courant models`: manages the encoders and heads of this machine.

mod calibrate;
mod evaluate;
mod labelled;
mod list;
mod pull;
mod rollout;
mod setup;
mod shelf;
mod train;
mod verify;

use clap::{Args, Subcommand};

use setup::Setup;

#[derive(Debug, Args)]
pub(crate) struct ModelsArgs {
    #[command(subcommand)]
    call: Call,
}

#[derive(Debug, Subcommand)]
enum Call {
    /// List the models with version and precision, and show which are in use
    #[command(after_help = "Example:\n  courant models list --json")]
    List(Setup),
    /// Fetch an encoder from the Hugging Face hub, and print what pins it
    #[command(after_help = "Example:\n  courant models pull hf:owner/repo@revision")]
    Pull(pull::PullArgs),
    /// Check files, shapes and labels, and embed a probe
    #[command(after_help = "Example:\n  courant models verify all-MiniLM-L6-v2")]
    Verify(verify::VerifyArgs),
    /// Learn a head from labelled texts
    #[command(after_help = train::HELP)]
    Train(train::TrainArgs),
    /// Measure an encoder or a head on labelled texts
    #[command(after_help = evaluate::HELP)]
    Evaluate(evaluate::EvaluateArgs),
    /// Add a precision with fixed 8-bit ranges to the encoder, for TensorRT
    #[command(after_help = calibrate::HELP)]
    Calibrate(calibrate::CalibrateArgs),
    /// Take a kept head into use, unless it is worse than the one in use
    #[command(
        after_help = "Example:\n  courant models promote news-sentiment@486a7ac959cb --data labelled.jsonl"
    )]
    Promote(rollout::PromoteArgs),
    /// Take the head before the one in use into use again
    #[command(after_help = "Example:\n  courant models rollback news-sentiment")]
    Rollback(rollout::RollbackArgs),
}

pub(crate) fn run(args: &ModelsArgs) -> anyhow::Result<()> {
    match &args.call {
        Call::List(setup) => list::run(setup),
        Call::Pull(args) => pull::run(args),
        Call::Verify(args) => verify::run(args),
        Call::Train(args) => train::run(args),
        Call::Evaluate(args) => evaluate::run(args),
        Call::Calibrate(args) => calibrate::run(args),
        Call::Promote(args) => rollout::promote(args),
        Call::Rollback(args) => rollout::roll_back(args),
    }
}
