//! A session without queue, tokenizer threads and batching, with which the encoder is compared
//! in benchmarks.

use std::sync::Arc;

use courant_article::{Embedding, TextKind};

use crate::batch::input::Input;
use crate::device::placement::ModelPlacement;
use crate::model::LocatedModel;
use crate::model::locate::locate;
use crate::session::{ModelSession, runtime};
use crate::text::tokenize::TextTokenizer;
use crate::{Config, Deps, Error};

/// The token ids of one text, special ones included.
pub type TokenIds = Vec<u32>;

/// Loads bare sessions of one model.
pub struct BareModel {
    model: Arc<LocatedModel>,
    tokenizer: TextTokenizer,
    environment: ort::environment::Environment,
    max_tokens: usize,
}

impl BareModel {
    /// Locates the configured model.
    ///
    /// # Errors
    /// As [`crate::Encoder::load`].
    pub fn load(config: &Config, deps: &Deps) -> Result<Self, Error> {
        let library = match &config.runtime_library {
            Some(library) => library.clone(),
            None => deps.runtime_library()?,
        };
        let model = Arc::new(locate(config, deps)?);
        let json = std::fs::read(&model.tokenizer)
            .map_err(|source| Error::read(&model.tokenizer, source))?;
        let tokenizer = TextTokenizer::read(&json)?.with_prefixes(&model.prefixes)?;
        let environment = runtime::environment(&library)?;
        Ok(Self { model, tokenizer, environment, max_tokens: config.max_tokens })
    }

    /// Returns the tokens of `text` for a session, cut at `max_tokens`.
    ///
    /// # Errors
    /// [`Error::Tokenizer`].
    pub fn tokens(&self, text: &str) -> Result<TokenIds, Error> {
        let tokens = self.tokenizer.tokens(text)?;
        let end =
            tokens.ids.len().min(self.max_tokens - self.tokenizer.added_tokens(TextKind::Document));
        Ok(self.tokenizer.input(&tokens, 0..end))
    }

    /// Starts a session of one thread on the CPU.
    ///
    /// # Errors
    /// [`Error::Graph`].
    pub fn session(&self) -> Result<BareSession, Error> {
        Ok(BareSession(ModelSession::load(
            &self.environment,
            &self.model,
            &ModelPlacement::cpu(&self.model),
        )?))
    }
}

/// A session that runs in the caller's thread.
pub struct BareSession(ModelSession);

impl BareSession {
    /// Computes the vectors of a batch of 1 or more texts, padded to the longest.
    ///
    /// # Errors
    /// [`Error::Runtime`] and [`Error::NotAVector`].
    pub fn run(&mut self, batch: &[&TokenIds]) -> Result<Vec<Embedding>, Error> {
        let inputs: Vec<Input> = batch.iter().map(|&ids| Input::new(ids.clone())).collect();
        let output = self.0.run(&inputs.iter().collect::<Vec<_>>())?;
        let first = |rows: Vec<Vec<f32>>| rows.into_iter().next().map(Embedding::from_unit);
        Ok(output.vectors.into_iter().filter_map(first).collect())
    }
}
