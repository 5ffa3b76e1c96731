//! The files of a model, their declarations, and their checks.

pub mod catalog;
pub(crate) mod files;
pub(crate) mod hub;
pub(crate) mod locate;
pub(crate) mod manifest;
pub(crate) mod positions;
pub(crate) mod precision;
pub(crate) mod prefixes;
pub(crate) mod weights;

use std::path::PathBuf;
use std::thread;

use serde::Deserialize;

use crate::{Error, Precision, TokenPooling};
use files::verify;
use prefixes::Prefixes;

/// The way from a graph's output to vectors or scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Pooling {
    /// The graph does it: inputs `spans`, output `embeddings`.
    Graph,
    /// The mean of `last_hidden_state`, computed here.
    Mean,
    /// The first token of `last_hidden_state` for a whole input; for a part, which has
    /// no such token, the mean.
    Cls,
    /// Nothing: `logits` has one row of scores per text.
    #[serde(skip)]
    Sequence,
    /// Nothing: `logits` has one row of scores per token.
    #[serde(skip)]
    Tokens,
}

impl Pooling {
    /// The name of a run in metrics and threads.
    pub(crate) fn operation(self) -> &'static str {
        match self {
            Self::Graph | Self::Mean | Self::Cls => "encode",
            Self::Sequence | Self::Tokens => "classify",
        }
    }
}

impl From<TokenPooling> for Pooling {
    fn from(pooling: TokenPooling) -> Self {
        match pooling {
            TokenPooling::Mean => Self::Mean,
            TokenPooling::Cls => Self::Cls,
        }
    }
}

/// A model's files and what is declared of them.
#[derive(Clone, Debug)]
pub(crate) struct LocatedModel {
    pub(crate) name: String,
    /// The start of the SHA-256 of its files' SHA-256, and a pooling other than that
    /// by the mean.
    pub(crate) version: String,
    pub(crate) precision: Precision,
    /// Values per vector, or labels per row of scores.
    pub(crate) dimension: usize,
    /// Values per token of the output `states`, where the graph has it.
    pub(crate) states: Option<usize>,
    pub(crate) max_tokens: usize,
    pub(crate) pooling: Pooling,
    pub(crate) prefixes: Prefixes,
    pub(crate) graph: PathBuf,
    pub(crate) tokenizer: PathBuf,
    /// Every file that this precision needs, with the SHA-256 that it must have.
    pub(crate) files: Vec<(PathBuf, String)>,
}

impl LocatedModel {
    /// The size of its files: about the memory that a session takes.
    pub(crate) fn size_bytes(&self) -> Result<u64, Error> {
        let size = |(path, _): &(PathBuf, String)| {
            path.metadata().map(|found| found.len()).map_err(|source| Error::read(path, source))
        };
        self.files.iter().map(size).sum()
    }

    /// Reads every file once and compares its SHA-256, all files at a time.
    pub(crate) fn verify(&self) -> Result<(), Error> {
        thread::scope(|scope| {
            let checks: Vec<_> = self
                .files
                .iter()
                .map(|(path, expected)| scope.spawn(move || verify(path, expected)))
                .collect();
            checks.into_iter().try_for_each(|check| check.join().unwrap_or(Err(Error::Stopped)))
        })
    }
}
