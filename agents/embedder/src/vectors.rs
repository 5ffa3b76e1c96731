//! Answers requests for vectors over HTTP and gRPC.

use courant_article::{Embedding, ModelRef};
use courant_inference::{EmbeddedTexts, Encoder, Error, Priority};
use courant_proto::v1;
use courant_service::{Admission, Refusal, RefusalKind, Unserved, check_count};

/// The most texts in one request.
const MAX_TEXTS: usize = 2048;
/// Requests with more texts stand behind those of people who wait.
const FEW_TEXTS: usize = 8;

/// Why there are no vectors.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoVectors {
    #[error(transparent)]
    Unserved(#[from] Unserved),
    #[error("the encoder is {ours}, not {asked}")]
    Model { ours: String, asked: String },
    #[error("the vectors have {ours} dimensions and cannot be made {asked}")]
    Dimensions { ours: usize, asked: usize },
    #[error(transparent)]
    Encoder(#[from] Error),
}

impl NoVectors {
    /// The kind of refusal. A defect is logged.
    fn refused(&self) -> RefusalKind {
        match self {
            Self::Unserved(why) => why.refused(),
            Self::Model { .. } => RefusalKind::NotFound,
            Self::Dimensions { .. } | Self::Encoder(Error::EmptyText { .. }) => {
                RefusalKind::Invalid
            }
            Self::Encoder(Error::Overloaded { .. }) => RefusalKind::Overloaded,
            Self::Encoder(Error::Late) => RefusalKind::Late,
            Self::Encoder(Error::Stopped) => RefusalKind::Unavailable,
            Self::Encoder(error) => {
                tracing::error!(%error, "a request for vectors failed");
                RefusalKind::Internal
            }
        }
    }
}

impl From<NoVectors> for Refusal {
    fn from(why: NoVectors) -> Self {
        Self::new(why.refused().code(), why.to_string())
    }
}

impl From<NoVectors> for v1::EmbedReply {
    fn from(why: NoVectors) -> Self {
        let code = match why.refused() {
            RefusalKind::Invalid | RefusalKind::NotFound => v1::EmbedErrorCode::Invalid,
            RefusalKind::Overloaded => v1::EmbedErrorCode::Overloaded,
            RefusalKind::Late => v1::EmbedErrorCode::Late,
            RefusalKind::Unavailable => v1::EmbedErrorCode::Unavailable,
            RefusalKind::Internal => v1::EmbedErrorCode::Internal,
        };
        Self { error: why.to_string(), code: code.into(), ..Self::default() }
    }
}

/// The encoder with a bound on the requests in hand.
#[derive(Clone)]
pub(crate) struct BoundedEncoder {
    encoder: Encoder,
    admission: Admission,
}

impl BoundedEncoder {
    pub(crate) fn new(encoder: Encoder, admission: Admission) -> Self {
        Self { encoder, admission }
    }

    pub(crate) fn model(&self) -> &ModelRef {
        self.encoder.model()
    }

    /// Returns the number of values in a vector.
    pub(crate) fn dimension(&self) -> usize {
        self.encoder.dimension()
    }

    /// One vector per text, in order.
    pub(crate) async fn of(&self, texts: Vec<String>) -> Result<EmbeddedTexts, NoVectors> {
        check_count(&texts, MAX_TEXTS)?;
        let admitted = self.admission.admit()?;
        let is_small = texts.len() <= FEW_TEXTS;
        let priority = if is_small { Priority::Query } else { Priority::Bulk };
        Ok(self.encoder.embed_before(texts, priority, admitted.deadline()).await?)
    }

    /// The tokens of all texts together, without special ones.
    pub(crate) async fn tokens(&self, texts: &[String]) -> Result<usize, NoVectors> {
        let mut tokens = 0;
        for text in texts {
            tokens += self.encoder.count_tokens(text).await?.tokens;
        }
        Ok(tokens)
    }
}

/// Vectors as gRPC and the bus carry them.
pub(crate) fn reply(embedded: EmbeddedTexts) -> v1::EmbedReply {
    let values = |vector: &Embedding| v1::Vector { values: vector.as_slice().to_vec() };
    v1::EmbedReply {
        vectors: embedded.vectors.iter().map(values).collect(),
        model: Some(embedded.model.into()),
        ..v1::EmbedReply::default()
    }
}
