//! What can be wrong before an article comes: settings, heads and topic
//! definitions.

use std::path::{Path, PathBuf};

use courant_config::RangeError;
use courant_heads::file::HeadError;
use courant_heads::registry::RegistryError;

/// Why an analyst cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum AnalystError {
    /// A setting lies outside its range.
    #[error(transparent)]
    Range(#[from] RangeError),
    /// The embedder gave another number of vectors than there are definitions.
    #[error("{got} topic definitions were embedded, {needed} are needed")]
    DefinitionCount {
        /// How many vectors came.
        got: usize,
        /// How many definitions there are.
        needed: usize,
    },
    /// A definition's vector is empty, all zeros, not finite, or of another
    /// dimension than the first one.
    #[error("the definition of {code} has no usable vector")]
    DefinitionVector {
        /// The topic, as `medtop:04000000`.
        code: &'static str,
    },
    /// A head's file is not there.
    #[error("the head {path:?} cannot be read")]
    HeadFile {
        /// As configured.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A classifier's settings make no sense, or it cannot be loaded.
    #[error(transparent)]
    Classifier(#[from] courant_inference::Error),
    /// A head makes no sense.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// A promoted head cannot be used: nothing else is used in its place.
    #[error("cannot use a promoted head")]
    Promoted(#[from] RegistryError),
    /// The topics' head learned from other vectors than the embedder makes.
    #[error("the topic head learned from {learned}, the embedder has {encoder}")]
    TopicHeadOfOtherEncoder {
        /// Encoder and dimension it learned from.
        learned: String,
        /// Encoder and dimension that the embedder has.
        encoder: String,
    },
}

impl AnalystError {
    /// The content of a head's file.
    pub(crate) fn read(path: &Path) -> Result<String, Self> {
        std::fs::read_to_string(path)
            .map_err(|source| Self::HeadFile { path: path.to_owned(), source })
    }
}
