//! Errors: those before an article comes, of settings, heads and topic definitions;
//! and those of a request.

use std::path::{Path, PathBuf};

use courant_config::RangeError;
use courant_embedder_client::EmbedError;
use courant_heads::file::HeadError;
use courant_heads::registry::RegistryError;
use courant_inference::Error;
use courant_proto::v1::EmbedErrorCode;
use courant_service::{Refusal, RefusalKind, Unserved};

/// The longest text of a request: as long as an article's.
pub(crate) const MAX_TEXT_BYTES: usize = 256 << 10;

/// Why an analyst cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum AnalystError {
    /// A setting lies outside its range.
    #[error(transparent)]
    Range(#[from] RangeError),
    /// The embedder gave another number of vectors than there are definitions.
    #[error("{got} topic definitions were embedded, {needed} are needed")]
    DefinitionCount {
        /// The number of vectors that came.
        got: usize,
        /// The number of definitions.
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
    Classifier(#[from] Error),
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

/// The reason that a request gets no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
    #[error(transparent)]
    Unserved(#[from] Unserved),
    #[error("text {index} has {bytes} bytes, {MAX_TEXT_BYTES} are allowed")]
    TooLong { index: usize, bytes: usize },
    #[error("no model is called {asked}; there are: {known}")]
    Model { asked: String, known: String },
    #[error("the embedder has not given the topics' definitions yet; try again in a second")]
    NotReady,
    #[error(transparent)]
    Embedder(#[from] EmbedError),
    #[error(transparent)]
    Classifier(#[from] Error),
}

impl From<NoAnswer> for Refusal {
    fn from(why: NoAnswer) -> Self {
        let refused = match &why {
            NoAnswer::Unserved(why) => why.refused(),
            NoAnswer::TooLong { .. } => RefusalKind::Invalid,
            NoAnswer::Model { .. } => RefusalKind::NotFound,
            NoAnswer::Classifier(Error::Overloaded { .. }) => RefusalKind::Overloaded,
            NoAnswer::Classifier(Error::Late) => RefusalKind::Late,
            NoAnswer::Embedder(error) => of_embedder(error),
            NoAnswer::NotReady | NoAnswer::Classifier(Error::Stopped) => RefusalKind::Unavailable,
            NoAnswer::Classifier(error) => {
                tracing::error!(%error, "a request to classify texts failed");
                RefusalKind::Internal
            }
        };
        Self::new(refused, why.to_string())
    }
}

fn of_embedder(error: &EmbedError) -> RefusalKind {
    match error {
        EmbedError::Refused { code: EmbedErrorCode::Invalid, .. } => RefusalKind::Invalid,
        EmbedError::Refused { code: EmbedErrorCode::Overloaded, .. } => RefusalKind::Overloaded,
        EmbedError::Refused { code: EmbedErrorCode::Late, .. } => RefusalKind::Late,
        _ => RefusalKind::Unavailable,
    }
}
