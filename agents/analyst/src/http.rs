//! The HTTP interface that labels texts.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use courant_api::openapi::{Media, Operation};
use courant_article::{ModelRef, Span};
use courant_inference::{Findings, Label, LabelledSpan};
use courant_service::{JsonBody, Refusal, Routes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Absent;
use crate::classify::{Classify, ClassifyRequest, ClassifyResponse};

/// The largest body of a request, over HTTP and gRPC.
pub(crate) const MAX_BODY_BYTES: usize = 8 << 20;

/// The time in which a body has to arrive, besides the time for its answer.
const ARRIVAL: Duration = Duration::from_secs(10);

/// Returns the routes: `POST /v1/classify`. `patience`: the time for an answer.
pub(crate) fn routes(classify: Classify, patience: Duration) -> Routes {
    Routes::new()
        .route(
            Operation::post("/v1/classify", "classify", "Returns the labels of texts")
                .body(Media::json::<RequestBody>())
                .answer(200, Media::json::<ResponseBody>()),
            label,
        )
        .limited(patience + ARRIVAL, MAX_BODY_BYTES)
        .with_state(classify)
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ClassifyRequest")]
struct RequestBody {
    model: String,
    texts: Vec<String>,
    language: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Labels")]
struct ResponseBody {
    #[schemars(with = "courant_api::Model")]
    model: ModelRef,
    results: Vec<Classified>,
}

/// The findings in one text, or the reason why there are none.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Classified {
    Labels(Vec<Scored>),
    Entities(Vec<Entity>),
    Skipped(String),
}

#[derive(Debug, Serialize, JsonSchema)]
struct Scored {
    label: String,
    score: f32,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Entity {
    text: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(flatten)]
    #[schemars(with = "NameRange")]
    span: Span,
    score: f32,
}

/// The range of a name in code points of the text; the end is exclusive.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is the schema of a foreign type")]
struct NameRange {
    start: u32,
    end: u32,
}

async fn label(
    State(classify): State<Classify>,
    JsonBody(request): JsonBody<RequestBody>,
) -> Result<Json<ResponseBody>, Refusal> {
    let RequestBody { model, texts, language } = request;
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
