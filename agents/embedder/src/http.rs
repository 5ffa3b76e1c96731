//! Vectors over HTTP, in a plain format and in that of OpenAI's clients.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use courant_api::openapi::{Media, Operation};
use courant_article::{Embedding, ModelRef};
use courant_inference::EmbeddedTexts;
use courant_service::{JsonBody, Refusal, Routes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::vectors::{BoundedEncoder, NoVectors};

/// The largest body of a request, over HTTP and gRPC.
pub(crate) const MAX_BODY_BYTES: usize = 8 << 20;

/// The time in which a body has to arrive, besides the time for its answer.
const ARRIVAL: Duration = Duration::from_secs(10);

/// `POST /v1/embed` and `POST /v1/embeddings`. `patience`: the time for an answer.
pub(crate) fn routes(vectors: BoundedEncoder, patience: Duration) -> Routes {
    Routes::new()
        .route(
            Operation::post("/v1/embed", "embed", "Returns the vectors of texts")
                .body(Media::json::<Embed>())
                .answer(200, Media::json::<EmbedAnswer>()),
            embed,
        )
        .route(
            Operation::post("/v1/embeddings", "embeddings", "Does so as OpenAI's clients speak it")
                .body(Media::json::<Request>())
                .answer(200, Media::json::<List>()),
            embeddings,
        )
        .limited(patience + ARRIVAL, MAX_BODY_BYTES)
        .with_state(vectors)
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EmbedRequest")]
struct Embed {
    texts: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Vectors")]
struct EmbedAnswer {
    #[schemars(with = "courant_api::Model")]
    model: ModelRef,
    vectors: Vec<Vec<f32>>,
}

async fn embed(
    State(vectors): State<BoundedEncoder>,
    JsonBody(Embed { texts }): JsonBody<Embed>,
) -> Result<Json<EmbedAnswer>, Refusal> {
    let EmbeddedTexts { model, vectors } = vectors.of(texts).await?;
    let vectors = vectors.iter().map(|vector| vector.as_slice().to_vec()).collect();
    Ok(Json(EmbedAnswer { model, vectors }))
}

/// The request that OpenAI's clients send; fields that make no difference here are ignored.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "EmbeddingsRequest")]
struct Request {
    input: Input,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    encoding_format: Encoding,
    dimensions: Option<usize>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "takes a text or a list of texts")]
enum Input {
    One(String),
    Many(Vec<String>),
}

#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Float,
    /// The little-endian bytes of the floats.
    Base64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Embeddings")]
struct List {
    object: &'static str,
    data: Vec<Item>,
    model: String,
    usage: Usage,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EmbeddingItem")]
struct Item {
    object: &'static str,
    index: usize,
    embedding: Values,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum Values {
    Float(Vec<f32>),
    Base64(String),
}

#[derive(Debug, Serialize, JsonSchema)]
struct Usage {
    prompt_tokens: usize,
    total_tokens: usize,
}

async fn embeddings(
    State(vectors): State<BoundedEncoder>,
    JsonBody(request): JsonBody<Request>,
) -> Result<Json<List>, Refusal> {
    let Request { input, model, encoding_format, dimensions } = request;
    let ours = &vectors.model().name;
    if let Some(asked) = model.filter(|asked| asked != ours && !asked.is_empty()) {
        return Err(NoVectors::Model { ours: ours.clone(), asked }.into());
    }
    let dimension = vectors.dimension();
    if let Some(asked) = dimensions.filter(|&asked| asked != dimension) {
        return Err(NoVectors::Dimensions { ours: dimension, asked }.into());
    }
    let texts = match input {
        Input::One(text) => vec![text],
        Input::Many(texts) => texts,
    };
    let found = vectors.of(texts.clone()).await?.vectors;
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

#[cfg(test)]
mod tests;
