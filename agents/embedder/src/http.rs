//! Vectors over HTTP, in a plain format and in that of OpenAI's clients.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use courant_api::ErrorCode;
use courant_api::openapi::{Media, Operation};
use courant_article::{Embedding, ModelRef};
use courant_inference::EmbeddedTexts;
use courant_service::{JsonBody, Refusal, Routes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rerank::{self, BoundedReranker};
use crate::vectors::{BoundedEncoder, InputType, LongTexts, NoVectors};

/// The largest body of a request, over HTTP and gRPC.
pub(crate) const MAX_BODY_BYTES: usize = 8 << 20;

/// The time in which a body has to arrive, besides the time for its answer.
const ARRIVAL: Duration = Duration::from_secs(10);

/// `POST /v1/embed`, `POST /v1/embeddings` and `POST /v1/rerank`. `patience`: the time for an
/// answer.
pub(crate) fn routes(
    vectors: BoundedEncoder,
    reranker: BoundedReranker,
    patience: Duration,
) -> Routes {
    let scoring = rerank::routes().limited(patience + ARRIVAL, MAX_BODY_BYTES);
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
        .route(
            Operation::get("/v1/models", "models", "Lists the encoder, as OpenAI's clients ask")
                .answer(200, Media::json::<Models>()),
            models,
        )
        .limited(patience + ARRIVAL, MAX_BODY_BYTES)
        .with_state(vectors)
        .merge(scoring.with_state(reranker))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EmbedRequest")]
struct Embed {
    texts: Vec<String>,
    /// The side of a search on which the texts stand. Some encoders read the two differently.
    #[serde(default)]
    input_type: InputType,
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
    JsonBody(Embed { texts, input_type }): JsonBody<Embed>,
) -> Result<Json<EmbedAnswer>, Refusal> {
    let EmbeddedTexts { model, vectors } = vectors.of(texts, input_type.into()).await?;
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
    /// The way to embed a text that is longer than the encoder reads at a time.
    #[serde(default)]
    long_texts: LongTexts,
    /// The side of a search on which the texts stand. Some encoders read the two differently.
    #[serde(default)]
    input_type: InputType,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "takes a text or a list of texts")]
enum Input {
    One(String),
    Many(Vec<String>),
    /// Ids of tokens. Clients make them with the tokenizer of another model, so they are refused.
    #[schemars(skip)]
    Ids(Vec<u32>),
    #[schemars(skip)]
    ManyIds(Vec<Vec<u32>>),
}

/// Refuses ids: embedded as those of another tokenizer, they would give wrong vectors in silence.
fn no_texts(ids: usize) -> Refusal {
    let detail = format!(
        "input has {ids} ids of tokens, which OpenAI's tokenizer made and this encoder cannot read; \
         send texts (in LangChain: check_embedding_ctx_length=False)"
    );
    Refusal::new(ErrorCode::InvalidRequest, detail)
}

/// The encoder, in the form of OpenAI's list of models.
#[derive(Debug, Serialize, JsonSchema)]
struct Models {
    object: &'static str,
    data: [ModelItem; 1],
}

#[derive(Debug, Serialize, JsonSchema)]
struct ModelItem {
    /// The name that requests may give.
    id: String,
    object: &'static str,
    /// Zero: the encoder does not say when it was made.
    created: u64,
    owned_by: &'static str,
    version: String,
    precision: String,
    provider: String,
    /// The number of values in a vector.
    dimension: usize,
}

async fn models(State(vectors): State<BoundedEncoder>) -> Json<Models> {
    let ModelRef { name, version, precision, provider } = vectors.model().clone();
    let dimension = vectors.dimension();
    let (object, owned_by) = ("model", "courant");
    let item = ModelItem {
        id: name,
        object,
        created: 0,
        owned_by,
        version,
        precision,
        provider,
        dimension,
    };
    Json(Models { object: "list", data: [item] })
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
    let Request { input, model, encoding_format, dimensions, long_texts, input_type } = request;
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
        Input::Ids(ids) => return Err(no_texts(ids.len())),
        Input::ManyIds(lists) => return Err(no_texts(lists.iter().map(Vec::len).sum())),
    };
    let (found, tokens) = vectors.of_any_length(texts, input_type.into(), long_texts).await?;
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
