//! Answers requests for the vectors of queries and definitions over the bus.

use std::sync::Arc;
use std::time::{Duration, Instant};

use courant_article::TextKind;
use courant_bus::{Error, Requests, Subject};
use courant_inference::{EmbeddedTexts, Encoder, Priority};
use courant_proto::v1;
use courant_service::{Control, check_count};
use tokio::sync::Semaphore;
use tracing::Instrument;

use crate::handle::Handler;
use crate::vectors::{NoVectors, kind, reply};

/// The most texts in one request.
const MAX_TEXTS: usize = 128;
/// The patience of a request that does not state its own.
const PATIENCE: Duration = Duration::from_secs(30);

/// Requests for vectors as they come in.
pub(crate) struct Queries {
    requests: Requests<v1::EmbedRequest>,
    encoder: Encoder,
    slots: Arc<Semaphore>,
}

impl Queries {
    /// Takes requests from now on; at most `at_once` are answered at a time.
    pub(crate) async fn serve(handler: &Handler, at_once: usize) -> Result<Self, Error> {
        Ok(Self {
            requests: handler.bus.serve(Subject::REQUEST_EMBED).await?,
            encoder: handler.encoder.clone(),
            slots: Arc::new(Semaphore::new(at_once)),
        })
    }

    /// Answers until the agent drains.
    pub(crate) async fn answer(mut self, control: Control) {
        while let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await {
            let request = tokio::select! {
                () = control.stopped() => return,
                request = self.requests.next() => request,
            };
            let Some(request) = request else { return };
            let (encoder, span) = (self.encoder.clone(), request.span());
            let answering = async move {
                let deadline = request.deadline().unwrap_or_else(|| Instant::now() + PATIENCE);
                let texts = request.message.texts.clone();
                let kind = kind(request.message.kind());
                let vectors = vectors(&encoder, texts, kind, deadline).await;
                let reply = vectors.map_or_else(Into::into, reply);
                if let Err(error) = request.reply(&reply).await {
                    tracing::warn!(%error, "could not answer a request for vectors");
                }
                drop(slot);
            };
            tokio::spawn(answering.instrument(span));
        }
    }
}

/// A single text is a search's query: where the queue is full it is refused at once, so
/// that the search goes on by words. Several wait for their places until `deadline`.
async fn vectors(
    encoder: &Encoder,
    texts: Vec<String>,
    kind: TextKind,
    deadline: Instant,
) -> Result<EmbeddedTexts, NoVectors> {
    check_count(&texts, MAX_TEXTS)?;
    Ok(match texts.len() {
        1 => encoder.try_embed_before(texts, kind, Priority::Query, deadline).await?,
        _ => encoder.embed_before(texts, kind, Priority::Query, deadline).await?,
    })
}
