//! The one client of the embedder: vectors of texts, asked for over the bus.
//!
//! [`EmbedderClient::embed`] asks again until its deadline; [`EmbedderClient::embed_once`]
//! is for callers that have something to go on with; [`EmbedderClient::embed_at_start`]
//! waits for an embedder that may start later.

mod error;

use std::time::Duration;

use courant_article::{Embedding, ModelRef};
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
pub struct Vectors {
    /// The encoder that computed all of them.
    pub model: ModelRef,
    /// The vectors, of unit length.
    pub vectors: Vec<Embedding>,
}

/// Asks the embedder for vectors. Cheap to clone.
#[derive(Clone)]
pub struct EmbedderClient {
    bus: Bus,
}

impl EmbedderClient {
    /// A client that asks over `bus`.
    pub fn new(bus: Bus) -> Self {
        Self { bus }
    }

    /// Embeds `texts`, 1 or more. Asks again until `deadline` while nobody answers, the
    /// embedder has too much to do, or it fails. The embedder is told the deadline.
    ///
    /// # Errors
    /// [`EmbedError`]: at once if it can never succeed, else the last one at the deadline.
    pub async fn embed(&self, texts: &[String], deadline: Instant) -> Result<Vectors, EmbedError> {
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

    /// As [`Self::embed`], but asks only once.
    ///
    /// # Errors
    /// [`EmbedError`].
    pub async fn embed_once(
        &self,
        texts: &[String],
        deadline: Instant,
    ) -> Result<Vectors, EmbedError> {
        let mut all: Option<Vectors> = None;
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

    /// As [`Self::embed`], without a deadline: the embedder may start later.
    ///
    /// # Errors
    /// [`EmbedError`] if it can never succeed.
    pub async fn embed_at_start(&self, texts: &[String]) -> Result<Vectors, EmbedError> {
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

    async fn ask(&self, texts: &[String], deadline: Instant) -> Result<Vectors, EmbedError> {
        let left = deadline.saturating_duration_since(Instant::now()).min(LONGEST_ATTEMPT);
        let question = v1::EmbedRequest { texts: texts.to_vec() };
        let asking = self.bus.request(Subject::REQUEST_EMBED, &question, left);
        read(asking.await?, texts.len())
    }
}

/// Reads a reply that should have `count` vectors.
fn read(reply: v1::EmbedReply, count: usize) -> Result<Vectors, EmbedError> {
    let code = reply.code();
    // An embedder of an earlier release has no code, only the text.
    if code != v1::EmbedErrorCode::Unspecified || !reply.error.is_empty() {
        return Err(EmbedError::Refused { code, message: reply.error });
    }
    match reply.model {
        Some(model) if reply.vectors.len() == count => {
            let vectors = reply.vectors.into_iter();
            let vectors = vectors.map(|vector| Embedding::from_unit(vector.values)).collect();
            Ok(Vectors { model: model.into(), vectors })
        }
        _ => Err(EmbedError::Incomplete),
    }
}

#[cfg(test)]
mod tests;
