//! The errors of the analyst: those at its start, from settings, heads and topic definitions, and
//! those of a request.

use std::path::{Path, PathBuf};

use courant_config::RangeError;
use courant_embedder_client::EmbedError;
use courant_heads::file::HeadError;
use courant_heads::registry::RegistryError;
use courant_inference::Error;
use courant_proto::v1::EmbedErrorCode;
use courant_service::{Refusal, RefusalKind, Unserved};

/// The longest text of a request, in bytes: the longest text of an article.
pub(crate) const MAX_TEXT_BYTES: usize = 256 << 10;

/// The reason why an analyst cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum AnalystError {
    /// A setting lies outside its range.
    #[error(transparent)]
    Range(#[from] RangeError),
    /// The embedder gave fewer or more vectors than there are definitions.
    #[error("{got} topic definitions were embedded, {needed} are needed")]
    DefinitionCount {
        /// The number of vectors that came.
        got: usize,
        /// The number of definitions.
        needed: usize,
    },
    /// The vector of a definition is empty, all zeros or not finite, or its dimension differs from
    /// that of the first vector.
    #[error("the definition of {code} has no usable vector")]
    DefinitionVector {
        /// The code of the topic, such as `medtop:04000000`.
        code: &'static str,
    },
    /// The file of a head cannot be read.
    #[error("the head {path:?} cannot be read")]
    HeadFile {
        /// The path, as configured.
        path: PathBuf,
        /// The I/O error.
        source: std::io::Error,
    },
    /// The settings of a classifier are invalid, or it cannot be loaded.
    #[error(transparent)]
    Classifier(#[from] Error),
    /// The file of a head is invalid.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// A promoted head cannot be used. No other head replaces it.
    #[error("cannot use a promoted head")]
    Promoted(#[from] RegistryError),
    /// The topic head was trained on the vectors of another encoder than the embedder has.
    #[error("the topic head learned from {learned}, the embedder has {encoder}")]
    TopicHeadOfOtherEncoder {
        /// The encoder and dimension that the head was trained with.
        learned: String,
        /// The encoder and dimension that the embedder has.
        encoder: String,
    },
}

impl AnalystError {
    /// Returns the content of the file of a head.
    pub(crate) fn read(path: &Path) -> Result<String, Self> {
        std::fs::read_to_string(path)
            .map_err(|source| Self::HeadFile { path: path.to_owned(), source })
    }
}

/// The reason why texts cannot be classified.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClassifyError {
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

impl From<ClassifyError> for Refusal {
    fn from(why: ClassifyError) -> Self {
        let refused = match &why {
            ClassifyError::Unserved(why) => why.refused(),
            ClassifyError::TooLong { .. } => RefusalKind::Invalid,
            ClassifyError::Model { .. } => RefusalKind::NotFound,
            ClassifyError::Classifier(Error::Overloaded { .. }) => RefusalKind::Overloaded,
            ClassifyError::Classifier(Error::Late) => RefusalKind::Late,
            ClassifyError::Embedder(error) => of_embedder(error),
            ClassifyError::NotReady | ClassifyError::Classifier(Error::Stopped) => {
                RefusalKind::Unavailable
            }
            ClassifyError::Classifier(error) => {
                tracing::error!(%error, "a request to classify texts failed");
                RefusalKind::Internal
            }
        };
        Self::new(refused.code(), why.to_string())
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
