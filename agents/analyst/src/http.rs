//! The HTTP interface that labels texts.

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::post;
use axum::{Json, Router};
use courant_article::{ModelRef, Span};
use courant_inference::{Findings, Label, LabelledSpan};
use courant_service::Refusal;
use serde::{Deserialize, Serialize};

use crate::Absent;
use crate::classify::{Classify, ClassifyRequest, ClassifyResponse};

/// The largest body of a request, in bytes.
const MAX_BODY_BYTES: usize = 8 << 20;

/// Returns the routes: `POST /v1/classify`.
pub(crate) fn routes(classify: Classify) -> Router {
    Router::new()
        .route("/v1/classify", post(label))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(classify)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestBody {
    model: String,
    texts: Vec<String>,
    language: Option<String>,
}

#[derive(Debug, Serialize)]
struct ResponseBody {
    model: ModelRef,
    results: Vec<Classified>,
}

/// The findings in one text, or the reason why there are none.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Classified {
    Labels(Vec<Scored>),
    Entities(Vec<Entity>),
    Skipped(String),
}

#[derive(Debug, Serialize)]
struct Scored {
    label: String,
    score: f32,
}

#[derive(Debug, Serialize)]
struct Entity {
    text: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(flatten)]
    span: Span,
    score: f32,
}

async fn label(
    State(classify): State<Classify>,
    request: Result<Json<RequestBody>, JsonRejection>,
) -> Result<Json<ResponseBody>, Refusal> {
    let Json(RequestBody { model, texts, language }) = request?;
    let ClassifyResponse { model, results } =
        classify.classify(ClassifyRequest { model, texts, language }).await?;
    Ok(Json(ResponseBody { model, results: results.into_iter().map(classified).collect() }))
}

fn classified(result: Result<Findings, Absent>) -> Classified {
    match result {
        Ok(Findings::Labels(labels)) => {
            Classified::Labels(labels.into_iter().map(scored).collect())
        }
        Ok(Findings::Spans(spans)) => Classified::Entities(spans.into_iter().map(entity).collect()),
        Err(absent) => Classified::Skipped(absent.to_string()),
    }
}

fn scored(Label { label, score }: Label) -> Scored {
    Scored { label, score }
}

fn entity(LabelledSpan { text, label, span, score }: LabelledSpan) -> Entity {
    Entity { text, kind: label, span, score }
}
