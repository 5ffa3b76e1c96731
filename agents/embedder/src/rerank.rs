//! Scores passages for a query, over the bus and over HTTP.

use std::time::Instant;

use axum::Json;
use axum::extract::State;
use courant_api::ErrorCode;
use courant_api::openapi::{Media, Operation};
use courant_inference::{Error, Relevance, Reranker};
use courant_proto::v1;
use courant_service::{Admission, JsonBody, Refusal, RefusalKind, Routes, check_count};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::vectors::NoVectors;

/// The most passages in one request.
const MAX_PASSAGES: usize = 100;

/// Returns the scores of 1 to 100 passages.
pub(crate) async fn score(
    reranker: &Reranker,
    query: String,
    passages: Vec<String>,
    deadline: Instant,
) -> Result<Relevance, NoVectors> {
    check_count(&passages, MAX_PASSAGES)?;
    Ok(reranker.score(query, passages, deadline).await?)
}

/// Scores as the bus carries them.
pub(crate) fn reply(found: Relevance) -> v1::RerankReply {
    let Relevance { model, scores } = found;
    v1::RerankReply { model: Some(model.into()), scores, ..v1::RerankReply::default() }
}

impl From<NoVectors> for v1::RerankReply {
    fn from(why: NoVectors) -> Self {
        let v1::EmbedReply { error, code, .. } = why.into();
        Self { error, code, ..Self::default() }
    }
}

/// A re-ranker with a bound on the requests in hand.
#[derive(Clone)]
pub(crate) struct BoundedReranker {
    /// `None` if none is configured.
    pub(crate) reranker: Option<Reranker>,
    pub(crate) admission: Admission,
}

/// `POST /v1/rerank`.
pub(crate) fn routes() -> Routes<BoundedReranker> {
    Routes::new().route(
        Operation::post("/v1/rerank", "rerank", "Scores how well each text answers a query")
            .body(Media::json::<RerankRequest>())
            .answer(200, Media::json::<Ranking>()),
        rerank,
    )
}

/// The request that clients of re-rankers send.
#[derive(Debug, Deserialize, JsonSchema)]
struct RerankRequest {
    query: String,
    /// 1 to 100 texts. The end of a text that is longer than the model reads does not count.
    #[schemars(length(min = 1, max = 100))]
    documents: Vec<String>,
    /// The most results; all if absent.
    top_n: Option<usize>,
    /// The name of the model; the configured one if absent.
    model: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Ranking {
    model: String,
    /// The best first.
    results: Vec<Scored>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScoredDocument")]
struct Scored {
    /// The place of the text among `documents`, from 0.
    index: usize,
    /// The probability that the text answers the query, 0 to 1.
    relevance_score: f32,
}

async fn rerank(
    State(BoundedReranker { reranker, admission }): State<BoundedReranker>,
    JsonBody(request): JsonBody<RerankRequest>,
) -> Result<Json<Ranking>, Refusal> {
    let Some(reranker) = reranker else {
        let detail = "no re-ranker is configured; set model in [search.rerank]";
        return Err(Refusal::new(ErrorCode::ModelNotFound, detail));
    };
    let RerankRequest { query, documents, top_n, model } = request;
    let ours = &reranker.model().name;
    if let Some(asked) = model.filter(|asked| asked != ours && !asked.is_empty()) {
        let detail = format!("the re-ranker is {ours}, not {asked}");
        return Err(Refusal::new(ErrorCode::ModelNotFound, detail));
    }
    let admitted = admission.admit().map_err(NoVectors::from)?;
    let found = score(&reranker, query, documents, admitted.deadline()).await;
    let found = found.map_err(|why| match why {
        NoVectors::Encoder(Error::EmptyText { index: 0 }) => {
            Refusal::new(RefusalKind::Invalid.code(), "query is empty")
        }
        NoVectors::Encoder(Error::EmptyText { index }) => {
            let detail = format!("documents[{}] is empty", index - 1);
            Refusal::new(RefusalKind::Invalid.code(), detail)
        }
        why => why.into(),
    })?;
    Ok(Json(ranking(found, top_n)))
}

fn ranking(found: Relevance, top_n: Option<usize>) -> Ranking {
    let scored = |(index, relevance_score)| Scored { index, relevance_score };
    let mut results: Vec<Scored> = found.scores.into_iter().enumerate().map(scored).collect();
    results.sort_by(|a, b| b.relevance_score.total_cmp(&a.relevance_score));
    results.truncate(top_n.unwrap_or(usize::MAX));
    Ranking { model: found.model.name, results }
}
