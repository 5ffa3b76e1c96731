//! Answers requests over the bus: for the vectors of queries and definitions, and for the scores of
//! passages.

use std::sync::Arc;
use std::time::{Duration, Instant};

use courant_article::TextKind;
use courant_bus::{Error, Requests, Subject};
use courant_inference::{EmbeddedTexts, Encoder, Priority, Reranker};
use courant_proto::{Schema, v1};
use courant_service::{Control, check_count};
use tokio::sync::Semaphore;
use tracing::Instrument;

use crate::handle::Handler;
use crate::rerank;
use crate::vectors::{NoVectors, kind, reply};

/// The most texts in one request.
const MAX_TEXTS: usize = 128;
/// The patience of a request that does not state its own.
const PATIENCE: Duration = Duration::from_secs(30);

/// Requests as they come in.
pub(crate) struct Queries {
    vectors: Requests<v1::EmbedRequest>,
    encoder: Encoder,
    scores: Option<(Requests<v1::RerankRequest>, Reranker)>,
    slots: Arc<Semaphore>,
}

impl Queries {
    /// Takes requests from now on; at most `at_once` are answered at a time.
    pub(crate) async fn serve(handler: &Handler, at_once: usize) -> Result<Self, Error> {
        let scores = match &handler.reranker {
            Some(reranker) => {
                Some((handler.bus.serve(Subject::REQUEST_RERANK).await?, reranker.clone()))
            }
            None => None,
        };
        Ok(Self {
            vectors: handler.bus.serve(Subject::REQUEST_EMBED).await?,
            encoder: handler.encoder.clone(),
            scores,
            slots: Arc::new(Semaphore::new(at_once)),
        })
    }

    /// Answers until the agent drains.
    pub(crate) async fn answer(self, control: Control) {
        let Self { vectors: requests, encoder, scores, slots } = self;
        let embed = move |request: v1::EmbedRequest, deadline| {
            let encoder = encoder.clone();
            async move {
                let kind = kind(request.kind());
                let found = vectors(&encoder, request.texts, kind, deadline).await;
                found.map_or_else(Into::into, reply)
            }
        };
        let embedding = each(requests, &slots, &control, embed);
        let scoring = async {
            let Some((requests, reranker)) = scores else { return };
            let score = move |request: v1::RerankRequest, deadline| {
                let reranker = reranker.clone();
                async move {
                    let v1::RerankRequest { query, passages } = request;
                    let found = rerank::score(&reranker, query, passages, deadline).await;
                    found.map_or_else(Into::into, rerank::reply)
                }
            };
            each(requests, &slots, &control, score).await;
        };
        tokio::join!(embedding, scoring);
    }
}

/// Answers each of the requests in a task of its own, until the agent drains.
async fn each<Q, A, F>(
    mut requests: Requests<Q>,
    slots: &Arc<Semaphore>,
    control: &Control,
    answer: impl Fn(Q, Instant) -> F,
) where
    Q: Schema + Clone + 'static,
    A: Schema + 'static,
    F: Future<Output = A> + Send + 'static,
{
    while let Ok(slot) = Arc::clone(slots).acquire_owned().await {
        let request = tokio::select! {
            () = control.stopped() => return,
            request = requests.next() => request,
        };
        let Some(request) = request else { return };
        let deadline = request.deadline().unwrap_or_else(|| Instant::now() + PATIENCE);
        let (answering, span) = (answer(request.message.clone(), deadline), request.span());
        let answering = async move {
            if let Err(error) = request.reply(&answering.await).await {
                tracing::warn!(%error, "could not answer a request");
            }
            drop(slot);
        };
        tokio::spawn(answering.instrument(span));
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
