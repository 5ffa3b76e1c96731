//! Answers requests for vectors over HTTP and gRPC.

use courant_article::{Embedding, ModelRef, TextKind};
use courant_inference::{EmbeddedTexts, Encoder, Error, Priority, TokenCount};
use courant_proto::v1;
use courant_service::{Admission, Refusal, RefusalKind, Unserved, check_count};
use schemars::JsonSchema;
use serde::Deserialize;

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
    #[error(
        "input {index} has {tokens} tokens, more than the {most} that the encoder reads at a time; \
         shorten it, or let long_texts be pool or cut"
    )]
    TooLong { index: usize, tokens: usize, most: usize },
    #[error(transparent)]
    Encoder(#[from] Error),
}

/// The side of a search on which texts stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum InputType {
    /// They ask.
    Query,
    /// They are found, or compared with one another.
    #[default]
    #[serde(alias = "passage")]
    Document,
}

impl From<InputType> for TextKind {
    fn from(input: InputType) -> Self {
        match input {
            InputType::Query => Self::Query,
            InputType::Document => Self::Document,
        }
    }
}

/// The way to embed a text that is longer than the encoder reads at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LongTexts {
    /// It is read in windows, whose vectors are averaged by their tokens.
    #[default]
    Pool,
    /// Its beginning is read.
    Cut,
    /// The request is refused.
    Refuse,
}

impl NoVectors {
    /// The kind of refusal. A defect is logged.
    fn refused(&self) -> RefusalKind {
        match self {
            Self::Unserved(why) => why.refused(),
            Self::Model { .. } => RefusalKind::NotFound,
            Self::Dimensions { .. }
            | Self::TooLong { .. }
            | Self::Encoder(Error::EmptyText { .. }) => RefusalKind::Invalid,
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
    pub(crate) async fn of(
        &self,
        texts: Vec<String>,
        kind: TextKind,
    ) -> Result<EmbeddedTexts, NoVectors> {
        check_count(&texts, MAX_TEXTS)?;
        let admitted = self.admission.admit()?;
        let is_small = texts.len() <= FEW_TEXTS;
        let priority = if is_small { Priority::Query } else { Priority::Bulk };
        Ok(self.encoder.embed_before(texts, kind, priority, admitted.deadline()).await?)
    }

    /// One vector per text, in order, and the number of tokens that were read, without special ones.
    pub(crate) async fn of_any_length(
        &self,
        texts: Vec<String>,
        kind: TextKind,
        long: LongTexts,
    ) -> Result<(Vec<Embedding>, usize), NoVectors> {
        check_count(&texts, MAX_TEXTS)?;
        let (mut read, mut long_ones) = (0, Vec::new());
        for (index, text) in texts.iter().enumerate() {
            let TokenCount { tokens, first_tokens: most, .. } =
                self.encoder.count_tokens(text).await?;
            if tokens > most && long == LongTexts::Refuse {
                return Err(NoVectors::TooLong { index, tokens, most });
            }
            let is_pooled = tokens > most && long == LongTexts::Pool;
            read += if is_pooled { tokens } else { most };
            long_ones.extend(is_pooled.then(|| (index, text.clone())));
        }
        // The beginnings of the long ones take their places until they are read whole.
        let mut vectors = self.of(texts, kind).await?.vectors;
        if !long_ones.is_empty() {
            let admitted = self.admission.admit()?;
            let pooling = async {
                for (index, text) in long_ones {
                    let whole = self.encoder.embed_document(&text).await?;
                    vectors[index] = whole.embeddings.vector;
                }
                Ok::<_, Error>(())
            };
            let pooled =
                tokio::time::timeout_at(admitted.deadline().into(), Box::pin(pooling)).await;
            pooled.map_err(|_| Error::Late)??;
        }
        Ok((vectors, read))
    }
}

/// The kind of texts that a message states. Callers of earlier releases state none, and embedded
/// queries.
pub(crate) fn kind(stated: v1::TextKind) -> TextKind {
    match stated {
        v1::TextKind::Unspecified | v1::TextKind::Query => TextKind::Query,
        v1::TextKind::Document => TextKind::Document,
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
