use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use courant_gpu_utils::Config as GpuConfig;
use courant_inference::{
    Config, Deps, Encoder, Error, ModelHost, RerankConfig, Reranker, SearchConfig,
};
use courant_service::{Admission, AgentMetrics};
use opentelemetry::global;
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt;

use super::*;

fn api(requests: usize) -> Router {
    with_reranker(requests, None)
}

fn with_reranker(requests: usize, reranker: Option<Reranker>) -> Router {
    let config = Config { sessions: Some(1), ..Config::default() };
    let meter = global::meter("test");
    let encoder = Encoder::load(&config, &GpuConfig::default(), &Deps::resolve(), &meter).unwrap();
    let metrics = AgentMetrics::new("embedder", &meter);
    let patience = Duration::from_secs(30);
    let admission = Admission::new(requests, patience, metrics);
    let reranker = BoundedReranker { reranker, admission: admission.clone() };
    routes(BoundedEncoder::new(encoder, admission), reranker, patience).into_router()
}

async fn post_to(api: &Router, path: &str, body: &Value) -> (StatusCode, Value) {
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = api.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn both_shapes_give_the_same_unit_vectors_in_order() {
    let api = api(4);
    let texts = json!(["Prices rose again.", "Rain is expected."]);
    let (status, plain) = post_to(&api, "/v1/embed", &json!({ "texts": texts })).await;
    assert_eq!(status, StatusCode::OK);
    let precision = plain["model"]["precision"].as_str().unwrap();
    assert!(["int8", "fp32"].contains(&precision), "auto, on this CPU: {precision}");
    assert_eq!(plain["model"]["provider"], "cpu");
    let body = json!({
        "input": texts, "model": "all-MiniLM-L6-v2", "dimensions": 384, "user": "ignored"
    });
    let (status, list) = post_to(&api, "/v1/embeddings", &body).await;
    assert_eq!(status, StatusCode::OK);
    for index in 0..2 {
        assert_eq!(list["data"][index]["index"], index);
        assert_eq!(list["data"][index]["embedding"], plain["vectors"][index]);
    }
    assert_eq!(list["usage"]["total_tokens"], 8);
    let values = plain["vectors"][0].as_array().unwrap();
    let norm: f64 = values.iter().map(|value| value.as_f64().unwrap().powi(2)).sum();
    assert!(values.len() == 384 && (norm - 1.0).abs() < 1e-3);
}

#[tokio::test]
async fn base64_holds_the_same_values() {
    let api = api(4);
    let ask = |format: &str| json!({ "input": "Prices rose.", "encoding_format": format });
    let (_, float) = post_to(&api, "/v1/embeddings", &ask("float")).await;
    let (_, packed) = post_to(&api, "/v1/embeddings", &ask("base64")).await;
    let bytes = STANDARD.decode(packed["data"][0]["embedding"].as_str().unwrap()).unwrap();
    let first = f32::from_le_bytes(bytes[..4].try_into().unwrap());
    assert_eq!(bytes.len(), 384 * 4);
    let said = float["data"][0]["embedding"][0].as_f64().unwrap() as f32;
    assert_eq!(first, said);
}

#[tokio::test]
async fn what_cannot_be_embedded_is_one_clear_error() {
    let api = api(4);
    for (path, body, status, said) in [
        ("/v1/embed", json!({ "texts": [] }), 400, "0 texts"),
        ("/v1/embed", json!({ "texts": ["words", " "] }), 400, "text 1 is empty"),
        ("/v1/embed", json!({ "text": "words" }), 400, "text is an unknown field"),
        ("/v1/embeddings", json!({ "input": 7 }), 400, "input takes a text or a list of texts"),
        ("/v1/embeddings", json!({ "input": "words", "model": "other" }), 404, "not other"),
        ("/v1/embeddings", json!({ "input": "words", "dimensions": 256 }), 400, "384 dimensions"),
    ] {
        let (found, answer) = post_to(&api, path, &body).await;
        assert_eq!(found.as_u16(), status, "{answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(said), "{message}");
    }
}

#[tokio::test]
async fn more_requests_than_there_is_room_for_are_told_so() {
    let request = Request::post("/v1/embed")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(r#"{"texts":["rain"]}"#))
        .unwrap();
    let response = api(0).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let answer: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(answer["error"]["code"], "overloaded");
}

#[tokio::test]
async fn long_texts_are_pooled_cut_or_refused_and_counted_as_they_are_read() {
    let api = api(4);
    let words = |word: &str| format!("{word} ").repeat(600);
    let long = format!("{}{}", words("river"), words("bridge"));
    let ask = |text: &str, way: Option<&str>| {
        let mut body = json!({ "input": ["Rain.", text] });
        if let Some(way) = way {
            body["long_texts"] = way.into();
        }
        body
    };
    let (status, pooled) = post_to(&api, "/v1/embeddings", &ask(&long, None)).await;
    assert_eq!((status, &pooled["usage"]["total_tokens"]), (StatusCode::OK, &json!(1_202)));
    let (_, cut) = post_to(&api, "/v1/embeddings", &ask(&long, Some("cut"))).await;
    assert_eq!(cut["usage"]["total_tokens"], 256);
    assert_ne!(pooled["data"][1]["embedding"], cut["data"][1]["embedding"]);
    assert_eq!(pooled["data"][0]["embedding"], cut["data"][0]["embedding"]);
    let (_, beginning) = post_to(&api, "/v1/embeddings", &ask(&words("river"), Some("cut"))).await;
    assert_eq!(cut["data"][1]["embedding"], beginning["data"][1]["embedding"]);
    let (status, refused) = post_to(&api, "/v1/embeddings", &ask(&long, Some("refuse"))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.starts_with("input 1 has 1200 tokens, more than the 254"), "{detail}");
}

#[tokio::test]
async fn ids_of_another_tokenizer_are_refused_with_the_way_out() {
    let api = api(4);
    for input in [json!([9906, 1917]), json!([[9906, 1917], [1]])] {
        let (status, answer) = post_to(&api, "/v1/embeddings", &json!({ "input": input })).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(answer["detail"].as_str().unwrap().contains("check_embedding_ctx_length=False"));
    }
}

#[tokio::test]
async fn the_encoder_is_listed_as_a_model() {
    let request = Request::get("/v1/models").body(Body::empty()).unwrap();
    let response = api(4).oneshot(request).await.unwrap();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let models: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&models["object"], &models["data"][0]["dimension"]), (&json!("list"), &json!(384)));
    assert_eq!(models["data"][0]["id"], "all-MiniLM-L6-v2");
}

/// The cross-encoder of `shared/inference`: it counts the pairs of equal words.
fn reranker() -> Reranker {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/inference/tests/fixtures/classifiers/tiny-pairs"
    );
    let mut config = SearchConfig { rerank: RerankConfig::new(folder) };
    let host = ModelHost::new(&Config::default(), &GpuConfig::default(), Deps::resolve());
    loop {
        match config.load(&host, &global::meter("test")) {
            Err(Error::Unpinned { file, found, .. }) => config.rerank.sha256.insert(file, found),
            loaded => return loaded.unwrap().unwrap(),
        };
    }
}

#[tokio::test]
async fn documents_are_ranked_by_the_cross_encoder() {
    let api = with_reranker(4, Some(reranker()));
    let documents = json!(["gamma", "alpha beta", "alpha"]);
    let body = json!({ "query": "alpha beta", "documents": documents, "top_n": 2 });
    let (status, answer) = post_to(&api, "/v1/rerank", &body).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer["model"], "tiny-pairs");
    let results = answer["results"].as_array().unwrap();
    let places: Vec<u64> = results.iter().map(|it| it["index"].as_u64().unwrap()).collect();
    assert_eq!(places, [1, 2]);
    assert!(results[0]["relevance_score"].as_f64().unwrap() > 0.7, "{answer}");
}

#[tokio::test]
async fn a_wrong_request_for_a_ranking_is_told_what_to_do() {
    let ranking = with_reranker(4, Some(reranker()));
    for (body, wanted) in [
        (json!({ "query": "", "documents": ["alpha"] }), "query is empty"),
        (json!({ "query": "alpha", "documents": ["alpha", " "] }), "documents[1] is empty"),
        (json!({ "query": "alpha", "documents": [] }), "0 texts in one request, 1 to 100"),
    ] {
        let (status, answer) = post_to(&ranking, "/v1/rerank", &body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
        assert!(answer["detail"].as_str().unwrap().contains(wanted), "{answer}");
    }
    let body = json!({ "query": "alpha", "documents": ["alpha"], "model": "other" });
    let (status, answer) = post_to(&ranking, "/v1/rerank", &body).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(answer["detail"], "the re-ranker is tiny-pairs, not other");
    let body = json!({ "query": "alpha", "documents": ["alpha"] });
    let (status, answer) = post_to(&api(4), "/v1/rerank", &body).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(answer["detail"].as_str().unwrap().contains("[search.rerank]"), "{answer}");
}
