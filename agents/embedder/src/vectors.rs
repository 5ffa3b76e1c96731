//! Vectors for who asks for them, over HTTP or gRPC.

use std::sync::Arc;
use std::time::{Duration, Instant};

use courant_article::{Embedding, ModelRef};
use courant_inference::{Encoder, Error, Priority};
use courant_service::{Refusal, Refused};
use tokio::sync::Semaphore;

/// The most texts in one request.
pub(crate) const MAX_TEXTS: usize = 2048;
/// Requests with more texts stand behind those of people who wait.
const FEW_TEXTS: usize = 8;

/// Why there are no vectors.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoVectors {
    #[error("{0} texts in one request, 1 to {MAX_TEXTS} are allowed")]
    Count(usize),
    #[error("the encoder is {ours}, not {asked}")]
    Model { ours: String, asked: String },
    #[error("{0} requests are in hand already; try again in a second")]
    Overloaded(usize),
    #[error(transparent)]
    Encoder(#[from] Error),
}

impl From<NoVectors> for Refusal {
    fn from(why: NoVectors) -> Self {
        let refused = match &why {
            NoVectors::Count(_) | NoVectors::Encoder(Error::EmptyText { .. }) => Refused::Invalid,
            NoVectors::Model { .. } => Refused::NotFound,
            NoVectors::Overloaded(_) | NoVectors::Encoder(Error::Overloaded { .. }) => {
                Refused::Overloaded
            }
            NoVectors::Encoder(Error::Late) => Refused::Late,
            NoVectors::Encoder(Error::Stopped) => Refused::Unavailable,
            NoVectors::Encoder(error) => {
                tracing::error!(%error, "a request for vectors failed");
                Refused::Internal
            }
        };
        Self::new(refused, why.to_string())
    }
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
    pub(crate) async fn of(&self, texts: Vec<String>) -> Result<Vec<Embedding>, NoVectors> {
        if texts.is_empty() || texts.len() > MAX_TEXTS {
            return Err(NoVectors::Count(texts.len()));
        }
        let _slot = self.slots.try_acquire().map_err(|_| NoVectors::Overloaded(self.requests))?;
        let is_small = texts.len() <= FEW_TEXTS;
        let priority = if is_small { Priority::Query } else { Priority::Bulk };
        let deadline = Instant::now() + self.patience;
        Ok(self.encoder.embed_before(texts, priority, deadline).await?)
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
