//! Vectors over HTTP: a plain shape, and the one that OpenAI's clients speak.

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use courant_article::{Embedding, ModelRef};
use courant_inference::Error;
use serde::{Deserialize, Serialize};

use crate::vectors::{Refusal, Vectors};

/// The largest body of a request.
const MAX_BODY_BYTES: usize = 8 << 20;

/// `POST /v1/embed` and `POST /v1/embeddings`.
pub(crate) fn routes(vectors: Vectors) -> Router {
    Router::new()
        .route("/v1/embed", post(embed))
        .route("/v1/embeddings", post(embeddings))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(vectors)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Embed {
    texts: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Embedded {
    model: ModelRef,
    vectors: Vec<Vec<f32>>,
}

async fn embed(
    State(vectors): State<Vectors>,
    request: Result<Json<Embed>, JsonRejection>,
) -> Result<Json<Embedded>, Answer> {
    let found = vectors.of(request?.0.texts).await?;
    let vectors_of = found.iter().map(|vector| vector.as_slice().to_vec()).collect();
    Ok(Json(Embedded { model: vectors.model().clone(), vectors: vectors_of }))
}

/// What OpenAI's clients send; fields that make no difference here are ignored.
#[derive(Debug, Deserialize)]
struct Request {
    input: Input,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    encoding_format: Encoding,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Input {
    One(String),
    Many(Vec<String>),
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Float,
    /// The little-endian bytes of the floats.
    Base64,
}

#[derive(Debug, Serialize)]
struct List {
    object: &'static str,
    data: Vec<Item>,
    model: String,
    usage: Usage,
}

#[derive(Debug, Serialize)]
struct Item {
    object: &'static str,
    index: usize,
    embedding: Values,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Values {
    Float(Vec<f32>),
    Base64(String),
}

#[derive(Debug, Serialize)]
struct Usage {
    prompt_tokens: usize,
    total_tokens: usize,
}

async fn embeddings(
    State(vectors): State<Vectors>,
    request: Result<Json<Request>, JsonRejection>,
) -> Result<Json<List>, Answer> {
    let Json(Request { input, model, encoding_format }) = request?;
    let ours = &vectors.model().name;
    if let Some(asked) = model.filter(|asked| asked != ours && !asked.is_empty()) {
        return Err(Refusal::Model { ours: ours.clone(), asked }.into());
    }
    let texts = match input {
        Input::One(text) => vec![text],
        Input::Many(texts) => texts,
    };
    let found = vectors.of(texts.clone()).await?;
    let tokens = vectors.tokens(&texts).await?;
    let item = |(index, vector): (usize, &Embedding)| Item {
        object: "embedding",
        index,
        embedding: values(vector, encoding_format),
    };
    Ok(Json(List {
        object: "list",
        data: found.iter().enumerate().map(item).collect(),
        model: ours.clone(),
        usage: Usage { prompt_tokens: tokens, total_tokens: tokens },
    }))
}

fn values(vector: &Embedding, encoding: Encoding) -> Values {
    match encoding {
        Encoding::Float => Values::Float(vector.as_slice().to_vec()),
        Encoding::Base64 => {
            let bytes: Vec<u8> =
                vector.as_slice().iter().flat_map(|value| value.to_le_bytes()).collect();
            Values::Base64(STANDARD.encode(bytes))
        }
    }
}

/// An error as JSON: `{"error":{"code","message","type"}}`.
struct Answer {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl From<JsonRejection> for Answer {
    fn from(rejection: JsonRejection) -> Self {
        Self { status: rejection.status(), code: "invalid", message: rejection.body_text() }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        let (status, code) = match refusal {
            Refusal::Count(_) | Refusal::Encoder(Error::EmptyText { .. }) => {
                (StatusCode::BAD_REQUEST, "invalid")
            }
            Refusal::Model { .. } => (StatusCode::NOT_FOUND, "model_not_found"),
            Refusal::Overloaded(_) | Refusal::Encoder(Error::Overloaded { .. }) => {
                (StatusCode::TOO_MANY_REQUESTS, "overloaded")
            }
            Refusal::Encoder(Error::Late) => (StatusCode::GATEWAY_TIMEOUT, "late"),
            Refusal::Encoder(Error::Stopped) => (StatusCode::SERVICE_UNAVAILABLE, "stopped"),
            Refusal::Encoder(error) => {
                tracing::error!(%error, "a request for vectors failed");
                (StatusCode::INTERNAL_SERVER_ERROR, "internal")
            }
        };
        Self { status, code, message }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let Self { status, code, message } = self;
        let kind = if status.is_client_error() { "invalid_request_error" } else { "server_error" };
        let body = serde_json::json!({
            "error": { "code": code, "message": message, "type": kind }
        });
        let mut response = (status, Json(body)).into_response();
        if status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

#[cfg(test)]
mod tests;
