//! A cross-encoder, on the small one that `scripts/write_tiny_classifiers.py` writes: the score
//! is the number of pairs of equal words in query and passage, less one.
#![expect(clippy::unwrap_used, reason = "what builds a test's input may fail it")]

use std::path::Path;
use std::time::{Duration, Instant};

use courant_gpu_utils::Config as GpuConfig;
use courant_inference::{Config, Deps, Error, ModelHost, RerankConfig, Reranker, SearchConfig};
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;

fn fixture(name: &str) -> RerankConfig {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/classifiers").join(name);
    RerankConfig::new(folder.to_str().unwrap())
}

fn load(config: &RerankConfig) -> Result<Reranker, Error> {
    let host = ModelHost::new(&Config::default(), &GpuConfig::default(), Deps::resolve());
    let config = SearchConfig { rerank: config.clone() };
    let loaded = config.load(&host, &SdkMeterProvider::default().meter("test"))?;
    Ok(loaded.expect("a model is configured"))
}

/// A re-ranker with the pins that the errors name.
fn pinned(mut config: RerankConfig) -> Result<Reranker, Error> {
    loop {
        match load(&config) {
            Err(Error::Unpinned { file, found, section }) => {
                assert_eq!(section, "[search.rerank.sha256]");
                config.sha256.insert(file, found);
            }
            loaded => return loaded,
        }
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn probability(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

#[tokio::test]
async fn a_passage_scores_by_the_words_that_it_shares_with_the_query() {
    let reranker = pinned(fixture("tiny-pairs")).unwrap();
    let passages = texts(&["gamma", "alpha delta", "beta alpha beta"]);
    let found = reranker.score("alpha beta".into(), passages, soon()).await.unwrap();
    let expected = [-1.0, 0.0, 2.0].map(probability);
    for (score, expected) in found.scores.iter().zip(expected) {
        assert!((score - expected).abs() < 1e-6, "{:?}", found.scores);
    }
    assert_eq!(found.scores.len(), 3);
    assert_eq!((&*found.model.name, &*found.model.provider), ("tiny-pairs", "cpu"));
}

#[tokio::test]
async fn a_long_passage_is_cut_behind_and_a_long_query_at_half() {
    let reranker = pinned(fixture("tiny-pairs")).unwrap();
    // 16 tokens: 3 special ones, at most 6 of the query, and at least 7, here 12, of the passage.
    let passage = format!("{} alpha", "delta ".repeat(12));
    let late = "alpha ".repeat(10);
    let found = reranker.score("alpha".into(), vec![passage, late.clone()], soon()).await.unwrap();
    assert!((found.scores[0] - probability(-1.0)).abs() < 1e-6, "{:?}", found.scores);
    assert!((found.scores[1] - probability(9.0)).abs() < 1e-6, "{:?}", found.scores);
    let found = reranker.score(late, texts(&["alpha"]), soon()).await.unwrap();
    assert!((found.scores[0] - probability(5.0)).abs() < 1e-6, "{:?}", found.scores);
}

#[tokio::test]
async fn empty_texts_are_named() {
    let reranker = pinned(fixture("tiny-pairs")).unwrap();
    let query = reranker.score(" ".into(), texts(&["alpha"]), soon()).await;
    assert!(matches!(query, Err(Error::EmptyText { index: 0 })));
    let passage = reranker.score("alpha".into(), texts(&["beta", ""]), soon()).await;
    assert!(matches!(passage, Err(Error::EmptyText { index: 2 })));
}

#[tokio::test]
async fn a_classifier_of_another_kind_is_refused() {
    let refusal = pinned(fixture("tiny-sentiment")).err().unwrap().to_string();
    assert!(refusal.contains("id2label has 3 labels, not 1 to 2"), "{refusal}");
    let refusal = pinned(fixture("tiny-names")).err().unwrap().to_string();
    assert!(refusal.contains("labels, not 1 to 2"), "{refusal}");
    let short = RerankConfig { max_tokens: Some(8), ..fixture("tiny-pairs") };
    let refusal = pinned(short).err().unwrap().to_string();
    assert_eq!(refusal, "[search.rerank] max_tokens of rerank is 8, but must be 16 or more");
}

#[tokio::test]
async fn without_a_model_nothing_is_loaded() {
    let host = ModelHost::new(&Config::default(), &GpuConfig::default(), Deps::resolve());
    let meter = SdkMeterProvider::default().meter("test");
    assert!(SearchConfig::default().load(&host, &meter).unwrap().is_none());
}
