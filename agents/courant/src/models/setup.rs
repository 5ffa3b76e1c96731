//! The arguments and the configuration that all commands on models share.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use courant_config::Document;
use courant_heads::HeadTask;
use courant_heads::registry::Registry;
use courant_inference::catalog::EncoderInfo;
use courant_inference::{Config as EncoderConfig, Deps, FrozenEncoder};
use serde::Serialize;

use crate::config_args::ConfigArgs;
use crate::data;

/// The arguments that every one of these commands takes.
#[derive(Debug, Args)]
pub(super) struct Setup {
    /// The folder of kept heads [default: the configured one, else courant-data/models]
    #[arg(long, value_name = "DIR")]
    pub(super) heads: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) config: ConfigArgs,
}

impl Setup {
    pub(super) fn load(&self) -> anyhow::Result<Loaded> {
        let document = self.config.load()?;
        let mut encoder: EncoderConfig = document.section("inference")?;
        encoder.validate()?;
        let analyst: courant_analyst::Config = document.section("analyst")?;
        // The commands read heads one by one, so that a broken one does not hide the others.
        let names = encoder.heads.take();
        let folder = |configured: Option<PathBuf>| {
            let named = self.heads.clone().or(configured);
            Registry::at(named.unwrap_or_else(|| data::heads(data::DEFAULT.as_ref())))
        };
        let (of_names, of_texts) = (folder(names), folder(analyst.heads.clone()));
        Ok(Loaded { document, encoder, analyst, of_names, of_texts })
    }

    /// Prints a value as JSON, or as the text that `text` returns.
    pub(super) fn show<T: Serialize>(
        &self,
        value: &T,
        text: impl FnOnce(&T) -> String,
    ) -> anyhow::Result<()> {
        if self.json {
            outln!("{}", serde_json::to_string_pretty(value)?);
        } else {
            out!("{}", text(value));
        }
        Ok(())
    }
}

/// The configuration of the models.
pub(super) struct Loaded {
    pub(super) document: Document,
    pub(super) encoder: EncoderConfig,
    pub(super) analyst: courant_analyst::Config,
    pub(super) of_names: Registry,
    pub(super) of_texts: Registry,
}

impl Loaded {
    /// Returns the registry that keeps a task's heads.
    pub(super) fn registry(&self, task: HeadTask) -> &Registry {
        match task {
            HeadTask::Entities => &self.of_names,
            HeadTask::Sentiment | HeadTask::Topics => &self.of_texts,
        }
    }

    /// Returns the configuration that loads another encoder than the configured one.
    pub(super) fn encoder_of(&self, model: &str, info: &EncoderInfo) -> EncoderConfig {
        let max_tokens = self.encoder.max_tokens.min(info.max_tokens);
        let overlap = self.encoder.overlap.min(max_tokens / 2);
        let (model, precision) = (model.to_owned(), info.precision.into());
        EncoderConfig { model, precision, max_tokens, overlap, ..self.encoder.clone() }
    }

    /// Loads the configured encoder.
    pub(super) fn load_encoder(&self) -> anyhow::Result<FrozenEncoder> {
        FrozenEncoder::load(&self.encoder, &Deps::resolve()).context("cannot load the encoder")
    }
}
