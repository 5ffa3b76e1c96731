//! The client of the embedder. It requests the vectors of texts over the bus.
//!
//! [`EmbedderClient::embed`] retries until its deadline. [`EmbedderClient::embed_once`] is for
//! callers that can continue without vectors. [`EmbedderClient::embed_at_start`] waits for an
//! embedder that may start later.

mod error;

use std::time::Duration;

use courant_article::{Embedding, ModelRef, TextKind};
use courant_bus::{Bus, Subject};
use courant_proto::v1;
use tokio::time::Instant;

pub use error::EmbedError;

/// The longest wait for one reply: one that was lost is asked for again.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(10);
/// Texts per request: some batches of the encoder.
const TEXTS_AT_ONCE: usize = 64;

/// One vector per text, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct TextVectors {
    /// The encoder that computed all of them.
    pub model: ModelRef,
    /// The vectors, of unit length.
    pub vectors: Vec<Embedding>,
}

/// A client that requests vectors from the embedder. Cheap to clone.
#[derive(Clone)]
pub struct EmbedderClient {
    bus: Bus,
    kind: v1::TextKind,
}

impl EmbedderClient {
    /// Makes a client that sends its requests over `bus`. Its texts are of one kind.
    pub fn new(bus: Bus, kind: TextKind) -> Self {
        let kind = match kind {
            TextKind::Query => v1::TextKind::Query,
            TextKind::Document => v1::TextKind::Document,
        };
        Self { bus, kind }
    }

    /// Embeds `texts`, 1 or more. Retries until `deadline` while nobody answers, or the
    /// embedder is overloaded or fails. The request carries the deadline.
    ///
    /// # Errors
    /// [`EmbedError`]: at once if a retry cannot succeed, else the last error at the deadline.
    pub async fn embed(
        &self,
        texts: &[String],
        deadline: Instant,
    ) -> Result<TextVectors, EmbedError> {
        loop {
            let error = match self.embed_once(texts, deadline).await {
                Err(error) if error.is_transient() => error,
                result => return result,
            };
            let again = Instant::now() + error.pause();
            if again >= deadline {
                return Err(error);
            }
            tokio::time::sleep_until(again).await;
        }
    }

    /// Works like [`Self::embed`], but sends only one request.
    ///
    /// # Errors
    /// [`EmbedError`].
    pub async fn embed_once(
        &self,
        texts: &[String],
        deadline: Instant,
    ) -> Result<TextVectors, EmbedError> {
        let mut all: Option<TextVectors> = None;
        for texts in texts.chunks(TEXTS_AT_ONCE) {
            let part = self.ask(texts, deadline).await?;
            match &mut all {
                None => all = Some(part),
                Some(all) if all.model == part.model => all.vectors.extend(part.vectors),
                Some(_) => return Err(EmbedError::OtherModel),
            }
        }
        all.ok_or(EmbedError::Incomplete)
    }

    /// Works like [`Self::embed`], but without a deadline: the embedder may start later.
    ///
    /// # Errors
    /// [`EmbedError`] if a retry cannot succeed.
    pub async fn embed_at_start(&self, texts: &[String]) -> Result<TextVectors, EmbedError> {
        let mut told = false;
        loop {
            match self.embed(texts, Instant::now() + LONGEST_ATTEMPT).await {
                Err(error) if error.is_transient() => {
                    if !told {
                        tracing::info!(%error, "waiting for the embedder");
                        told = true;
                    }
                    tokio::time::sleep(error.pause()).await;
                }
                result => return result,
            }
        }
    }

    /// Returns the probability that each of 1 to 100 passages answers `query`. The request carries
    /// the deadline.
    ///
    /// # Errors
    /// [`EmbedError`]. [`EmbedError::NoAnswer`] also if the embedder has no cross-encoder.
    pub async fn relevance(
        &self,
        query: &str,
        passages: &[String],
        deadline: Instant,
    ) -> Result<Vec<f32>, EmbedError> {
        let left = deadline.saturating_duration_since(Instant::now());
        let question = v1::RerankRequest { query: query.to_owned(), passages: passages.to_vec() };
        let reply: v1::RerankReply =
            self.bus.request(Subject::REQUEST_RERANK, &question, left).await?;
        if reply.code() != v1::EmbedErrorCode::Unspecified {
            return Err(EmbedError::Refused { code: reply.code(), message: reply.error });
        }
        if reply.scores.len() != passages.len() {
            return Err(EmbedError::Incomplete);
        }
        Ok(reply.scores)
    }

    async fn ask(&self, texts: &[String], deadline: Instant) -> Result<TextVectors, EmbedError> {
        let left = deadline.saturating_duration_since(Instant::now()).min(LONGEST_ATTEMPT);
        let question = v1::EmbedRequest { texts: texts.to_vec(), kind: self.kind.into() };
        let asking = self.bus.request(Subject::REQUEST_EMBED, &question, left);
        read(asking.await?, texts.len())
    }
}

/// Reads a reply that should have `count` vectors.
fn read(reply: v1::EmbedReply, count: usize) -> Result<TextVectors, EmbedError> {
    let code = reply.code();
    // An embedder of an earlier release has no code, only the text.
    if code != v1::EmbedErrorCode::Unspecified || !reply.error.is_empty() {
        return Err(EmbedError::Refused { code, message: reply.error });
    }
    match reply.model {
        Some(model) if reply.vectors.len() == count => {
            let vectors = reply.vectors.into_iter();
            let vectors = vectors.map(|vector| Embedding::from_unit(vector.values)).collect();
            Ok(TextVectors { model: model.into(), vectors })
        }
        _ => Err(EmbedError::Incomplete),
    }
}

#[cfg(test)]
mod tests;
