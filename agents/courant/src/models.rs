//! `courant models`: the encoders and heads of this machine, and how they come and
//! go.

mod calibrate;
mod evaluate;
mod labelled;
mod list;
mod pull;
mod rollout;
mod shelf;
mod train;
mod verify;

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use courant_config::Document;
use courant_heads::Task;
use courant_heads::registry::Registry;
use courant_inference::catalog::EncoderInfo;
use courant_inference::{Config as EncoderConfig, Deps, FrozenEncoder};
use serde::Serialize;

use crate::cli::ConfigArgs;
use crate::data;

#[derive(Debug, Args)]
pub(crate) struct ModelsArgs {
    #[command(subcommand)]
    call: Call,
}

#[derive(Debug, Subcommand)]
enum Call {
    /// What there is, in which version and precision, and what is in use
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

/// What every one of these commands may be told.
#[derive(Debug, Args)]
struct Setup {
    /// The folder of kept heads [default: the configured one, else courant-data/models]
    #[arg(long, value_name = "DIR")]
    heads: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

impl Setup {
    fn load(&self) -> anyhow::Result<Loaded> {
        let document = self.config.load()?;
        let mut encoder: EncoderConfig = document.section("inference")?;
        encoder.validate()?;
        let analyst: courant_analyst::Config = document.section("analyst")?;
        // Heads are named one by one here, and a broken one must not keep the others.
        let names = encoder.heads.take();
        let folder = |configured: Option<PathBuf>| {
            let named = self.heads.clone().or(configured);
            Registry::at(named.unwrap_or_else(|| data::heads(data::DEFAULT.as_ref())))
        };
        let (of_names, of_texts) = (folder(names), folder(analyst.heads.clone()));
        Ok(Loaded { document, encoder, analyst, of_names, of_texts })
    }

    /// Prints a value as JSON, or what `text` makes of it.
    fn show<T: Serialize>(&self, value: &T, text: impl FnOnce(&T) -> String) -> anyhow::Result<()> {
        if self.json {
            outln!("{}", serde_json::to_string_pretty(value)?);
        } else {
            out!("{}", text(value));
        }
        Ok(())
    }
}

/// The sections that say which models there are.
struct Loaded {
    document: Document,
    encoder: EncoderConfig,
    analyst: courant_analyst::Config,
    of_names: Registry,
    of_texts: Registry,
}

impl Loaded {
    /// Where a task's heads are kept.
    fn registry(&self, task: Task) -> &Registry {
        match task {
            Task::Entities => &self.of_names,
            Task::Sentiment | Task::Topics => &self.of_texts,
        }
    }

    /// What loads another encoder than the configured one.
    fn encoder_of(&self, model: &str, info: &EncoderInfo) -> EncoderConfig {
        let max_tokens = self.encoder.max_tokens.min(info.max_tokens);
        let overlap = self.encoder.overlap.min(max_tokens / 2);
        let (model, precision) = (model.to_owned(), info.precision);
        EncoderConfig { model, precision, max_tokens, overlap, ..self.encoder.clone() }
    }

    /// The configured encoder.
    fn load_encoder(&self) -> anyhow::Result<FrozenEncoder> {
        FrozenEncoder::load(&self.encoder, &Deps::resolve()).context("cannot load the encoder")
    }
}
