//! Vectors for who asks for them, over HTTP or gRPC.

use std::sync::Arc;
use std::time::{Duration, Instant};

use courant_article::{Embedding, ModelRef};
use courant_inference::{Encoder, Error, Priority};
use tokio::sync::Semaphore;

/// The most texts in one request.
pub(crate) const MAX_TEXTS: usize = 2048;
/// Requests with more texts stand behind those of people who wait.
const FEW_TEXTS: usize = 8;

/// Why there are no vectors.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{0} texts in one request, 1 to {MAX_TEXTS} are allowed")]
    Count(usize),
    #[error("the encoder is {ours}, not {asked}")]
    Model { ours: String, asked: String },
    #[error("{0} requests are in hand already; try again in a second")]
    Overloaded(usize),
    #[error(transparent)]
    Encoder(#[from] Error),
}

/// The encoder with a bound on the requests in hand: a client that comes when it is
/// reached is told so at once, and those before it are answered in time.
#[derive(Clone)]
pub(crate) struct Vectors {
    encoder: Encoder,
    slots: Arc<Semaphore>,
    requests: usize,
    patience: Duration,
}

impl Vectors {
    pub(crate) fn new(encoder: Encoder, requests: usize, patience: Duration) -> Self {
        Self { encoder, slots: Arc::new(Semaphore::new(requests)), requests, patience }
    }

    pub(crate) fn model(&self) -> &ModelRef {
        self.encoder.model()
    }

    /// One vector per text, in order.
    pub(crate) async fn of(&self, texts: Vec<String>) -> Result<Vec<Embedding>, Refusal> {
        if texts.is_empty() || texts.len() > MAX_TEXTS {
            return Err(Refusal::Count(texts.len()));
        }
        let _slot = self.slots.try_acquire().map_err(|_| Refusal::Overloaded(self.requests))?;
        let is_small = texts.len() <= FEW_TEXTS;
        let priority = if is_small { Priority::Query } else { Priority::Bulk };
        let deadline = Instant::now() + self.patience;
        Ok(self.encoder.embed_before(texts, priority, deadline).await?)
    }

    /// The tokens of all texts together, without special ones.
    pub(crate) async fn tokens(&self, texts: &[String]) -> Result<usize, Refusal> {
        let mut tokens = 0;
        for text in texts {
            tokens += self.encoder.count_tokens(text).await?.tokens;
        }
        Ok(tokens)
    }
}
