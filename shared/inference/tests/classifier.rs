//! Classifiers of the user's own, on the small ones that
//! `scripts/write_tiny_classifiers.py` writes.
#![expect(clippy::unwrap_used, reason = "what builds a test's input may fail it")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use courant_article::Span;
use courant_gpu_utils::Config as GpuConfig;
use courant_inference::{
    Classifier, ClassifierCache, ClassifierConfig, ClassifierLease, ClassifierTask, Config, Deps,
    Error, Findings, ModelHost, Priority,
};
use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};

fn meter() -> Meter {
    SdkMeterProvider::default().meter("test")
}

fn host() -> ModelHost {
    ModelHost::new(&Config::default(), &GpuConfig::default(), Deps::resolve())
}

fn models(configs: Vec<ClassifierConfig>, capacity_mb: u32) -> ClassifierCache {
    ClassifierCache::new(configs, capacity_mb, host(), &meter()).unwrap()
}

async fn load(config: &ClassifierConfig) -> Result<ClassifierLease, Error> {
    models(vec![config.clone()], 64).get(&config.name).await
}

async fn failure(config: &ClassifierConfig) -> Error {
    load(config).await.err().expect("the classifier was loaded")
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/classifiers").join(name)
}

/// A classifier in `folder`, with the pins that the errors name.
async fn pinned(folder: &Path, task: ClassifierTask) -> ClassifierConfig {
    let mut config = ClassifierConfig::new("own", folder.to_str().unwrap());
    config.task = task;
    config.overlap = 4;
    let mut pins = BTreeMap::new();
    while let Err(Error::Unpinned { file, found, .. }) = load(&config).await {
        pins.insert(file, found);
        config.sha256.clone_from(&pins);
    }
    config
}

async fn sentiment() -> ClassifierConfig {
    pinned(&fixture("tiny-sentiment"), ClassifierTask::Sentiment).await
}

async fn names() -> ClassifierConfig {
    pinned(&fixture("tiny-names"), ClassifierTask::Entities).await
}

/// A copy of a fixture whose files `change` has changed, pinned as they are then.
async fn changed(
    name: &str,
    task: ClassifierTask,
    file: &str,
    change: impl Fn(Vec<u8>) -> Vec<u8>,
) -> (tempfile::TempDir, ClassifierConfig) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("onnx")).unwrap();
    for part in ["onnx/model.onnx", "tokenizer.json", "config.json"] {
        let bytes = std::fs::read(fixture(name).join(part)).unwrap();
        let bytes = if part == file { change(bytes) } else { bytes };
        std::fs::write(folder.path().join(part), bytes).unwrap();
    }
    let config = pinned(folder.path(), task).await;
    (folder, config)
}

/// Puts `to` for every `from` of the same length.
fn replaced(bytes: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    let mut bytes = bytes;
    let mut count = 0;
    while let Some(at) = bytes.windows(from.len()).position(|found| found == from.as_bytes()) {
        bytes.splice(at..at + from.len(), to.bytes());
        count += 1;
    }
    assert!(count > 0, "{from} is not there");
    bytes
}

async fn labels(classifier: &Classifier, text: &str) -> Vec<(String, f32)> {
    match classifier.classify(text, Priority::Query, None).await.unwrap().findings {
        Findings::Labels(labels) => labels.into_iter().map(|it| (it.label, it.score)).collect(),
        Findings::Spans(spans) => panic!("{spans:?}"),
    }
}

async fn spans(classifier: &Classifier, text: &str) -> Vec<(String, String, Span, f32)> {
    match classifier.classify(text, Priority::Query, None).await.unwrap().findings {
        Findings::Spans(spans) => {
            spans.into_iter().map(|it| (it.text, it.label, it.span, it.score)).collect()
        }
        Findings::Labels(labels) => panic!("{labels:?}"),
    }
}

/// The probability of the label with `score`, where two others have 0.
fn share(score: f32) -> f32 {
    score.exp() / (score.exp() + 2.0)
}

#[tokio::test]
async fn a_text_s_labels_stand_by_falling_probability_under_the_task_s_names() {
    let classifier = load(&sentiment().await).await.unwrap();
    let found = labels(&classifier, "beta beta").await;
    assert_eq!(found[0].0, "positive");
    // Two words of four tokens, with 6 each.
    assert!((found[0].1 - share(3.0)).abs() < 1e-5, "{found:?}");
    assert!((found.iter().map(|(_, score)| score).sum::<f32>() - 1.0).abs() < 1e-5);
    assert_eq!(labels(&classifier, "alpha").await[0].0, "negative");
    let model = classifier.model();
    assert_eq!(
        (&*model.name, &*model.precision, &*model.provider),
        ("tiny-sentiment", "fp32", "cpu")
    );
    assert_eq!(model.version.len(), 12);
}

#[tokio::test]
async fn a_long_text_s_windows_are_averaged_by_their_tokens() {
    let classifier = load(&sentiment().await).await.unwrap();
    let text = ["alpha ".repeat(14), "beta ".repeat(7)].concat();
    let found: BTreeMap<_, _> = labels(&classifier, &text).await.into_iter().collect();
    // 14 words fill a window of 16; the other one has 7.
    let (first, second) = (share(6.0 * 14.0 / 16.0), share(6.0 * 7.0 / 9.0));
    let negative = (14.0 * first + 7.0 * (1.0 - second) / 2.0) / 21.0;
    assert!((found["negative"] - negative).abs() < 1e-5, "{found:?}");
}

#[tokio::test]
async fn names_are_told_with_their_places_in_code_points() {
    let classifier = load(&names().await).await.unwrap();
    let text = "Łuk, alpha delta gamma — beta";
    let found = spans(&classifier, text).await;
    let told: Vec<_> =
        found.iter().map(|(text, label, ..)| (text.as_str(), label.as_str())).collect();
    assert_eq!(told, [("alpha delta", "person"), ("beta", "location")]);
    assert_eq!(found[0].2, Span { start: 5, end: 16 });
    assert_eq!(found[1].2, Span { start: 25, end: 29 });
    assert!(found.iter().all(|(.., score)| (0.3..=1.0).contains(score)), "{found:?}");
}

#[tokio::test]
async fn no_name_is_told_twice_where_windows_overlap() {
    let classifier = load(&names().await).await.unwrap();
    let text = "beta alpha delta ".repeat(20);
    let found = spans(&classifier, &text).await;
    assert_eq!(found.len(), 40);
    for (at, (text, label, span, _)) in found.iter().enumerate() {
        let place = (at / 2 * 17) as u32;
        let expected = match at % 2 {
            0 => ("beta", "location", Span { start: place, end: place + 4 }),
            _ => ("alpha delta", "person", Span { start: place + 5, end: place + 16 }),
        };
        assert_eq!((text.as_str(), label.as_str(), *span), expected);
    }
}

#[tokio::test]
async fn without_a_task_labels_are_the_model_s_own() {
    let config = ClassifierConfig { task: ClassifierTask::Other, ..names().await };
    let found = spans(&load(&config).await.unwrap(), "gamma beta").await;
    let told: Vec<_> =
        found.iter().map(|(text, label, ..)| (text.as_str(), label.as_str())).collect();
    assert_eq!(told, [("gamma", "MISC"), ("beta", "LOC")]);
}

#[tokio::test]
async fn a_text_without_tokens_is_an_error_and_never_a_score() {
    let classifier = load(&sentiment().await).await.unwrap();
    let empty = classifier.classify(" \n", Priority::Bulk, None).await;
    assert!(matches!(empty, Err(Error::EmptyText { .. })), "{empty:?}");
}

#[tokio::test]
async fn another_number_of_labels_than_the_graph_has_is_refused() {
    let fourth = |bytes: Vec<u8>| {
        let json = String::from_utf8(bytes).unwrap();
        json.replace("\"2\":", "\"3\": \"neutral\", \"2\":").into_bytes()
    };
    let (_folder, config) =
        changed("tiny-sentiment", ClassifierTask::Sentiment, "config.json", fourth).await;
    let error = failure(&config).await;
    assert!(
        matches!(&error, Error::Graph { reason, .. } if reason.contains("4 labels")),
        "{error}"
    );
    // The runtime infers the sizes that the graph leaves open.
    let eighth = |bytes: Vec<u8>| {
        let json = String::from_utf8(bytes).unwrap();
        json.replace("\"6\":", "\"7\": \"B-ORG\", \"6\":").into_bytes()
    };
    let (_folder, config) =
        changed("tiny-names", ClassifierTask::Entities, "config.json", eighth).await;
    let error = failure(&config).await;
    assert!(
        matches!(&error, Error::Graph { reason, .. } if reason.contains("8 labels")),
        "{error}"
    );
}

#[tokio::test]
async fn a_graph_with_other_outputs_inputs_or_dimensions_is_refused() {
    let refused = async |task, name, file, from: &str, to: &str| {
        let (_folder, config) = changed(name, task, file, |it| replaced(it, from, to)).await;
        match failure(&config).await {
            Error::Graph { reason, .. } => reason,
            other => panic!("{other}"),
        }
    };
    let graph = "onnx/model.onnx";
    let reason =
        refused(ClassifierTask::Sentiment, "tiny-sentiment", graph, "logits", "scores").await;
    assert_eq!(reason, "it has no output logits, only scores");
    let reason =
        refused(ClassifierTask::Entities, "tiny-names", graph, "token_type_ids", "token_type_xyz")
            .await;
    assert!(reason.contains("token_type_xyz"), "{reason}");
    let reason =
        refused(ClassifierTask::Entities, "tiny-names", graph, "attention_mask", "attention_sink")
            .await;
    assert_eq!(reason, "it has no input attention_mask");
    let (is, says) = ("ForSequenceClassification", "ForTokenClassification");
    let folder = changed("tiny-sentiment", ClassifierTask::Other, "config.json", |bytes| {
        String::from_utf8(bytes).unwrap().replace(is, says).into_bytes()
    });
    let (_folder, config) = folder.await;
    let error = failure(&config).await;
    assert!(error.to_string().contains("3 labels in 3 dimensions"), "{error}");
}

#[tokio::test]
async fn what_is_not_pinned_or_differs_from_its_pin_is_refused() {
    let config = ClassifierConfig { sha256: BTreeMap::new(), ..sentiment().await };
    let error = failure(&config).await;
    assert!(matches!(error, Error::Unpinned { .. }), "{error}");
    let (folder, config) =
        changed("tiny-names", ClassifierTask::Entities, "tokenizer.json", |it| it).await;
    let path = folder.path().join("tokenizer.json");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.push(b'\n');
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(failure(&config).await, Error::Checksum { path: named, .. } if named == path));
}

#[tokio::test]
async fn labels_and_lengths_that_do_not_fit_are_named() {
    let config = ClassifierConfig { task: ClassifierTask::Topics, ..sentiment().await };
    let error = failure(&config).await;
    assert!(
        matches!(&error, Error::Manifest { reason, .. } if reason.contains("NEGATIVE")),
        "{error}"
    );
    let config = ClassifierConfig { overlap: 14, ..names().await };
    assert!(matches!(failure(&config).await, Error::Config { key: "overlap", .. }));
    let config = ClassifierConfig { max_tokens: Some(17), ..sentiment().await };
    assert!(matches!(failure(&config).await, Error::Config { key: "max_tokens", .. }));
}

/// One classifier under several names. Each takes a megabyte.
async fn called(names: &[&str]) -> Vec<ClassifierConfig> {
    let config = sentiment().await;
    names.iter().map(|name| ClassifierConfig { name: (*name).into(), ..config.clone() }).collect()
}

#[tokio::test]
async fn the_least_recently_used_makes_room() {
    let models = models(called(&["a", "b", "c"]).await, 2);
    assert!(models.loaded().is_empty(), "nothing is loaded before it is asked for");
    for name in ["a", "b", "a", "c"] {
        models.get(name).await.unwrap();
    }
    assert_eq!(models.loaded(), ["a", "c"]);
}

#[tokio::test]
async fn what_is_in_use_is_passed_over_and_stays() {
    let models = models(called(&["a", "b", "c"]).await, 2);
    let held = models.get("a").await.unwrap();
    models.get("b").await.unwrap();
    models.get("c").await.unwrap();
    assert_eq!(models.loaded(), ["a", "c"]);
    assert_eq!(labels(&held, "alpha").await[0].0, "negative");
}

#[tokio::test]
async fn where_all_is_in_use_the_next_one_waits_for_its_room() {
    let models = models(called(&["a", "b"]).await, 1);
    let held = models.get("a").await.unwrap();
    let mut waiting = Box::pin(models.get("b"));
    while !models.loaded().is_empty() {
        tokio::select! {
            biased;
            _ = &mut waiting => panic!("both were in memory"),
            () = tokio::task::yield_now() => {}
        }
    }
    tokio::select! {
        biased;
        _ = &mut waiting => panic!("both were in memory"),
        found = labels(&held, "alpha") => assert_eq!(found[0].0, "negative"),
    }
    drop(held);
    assert_eq!(labels(&waiting.await.unwrap(), "beta").await[0].0, "positive");
    assert_eq!(models.loaded(), ["b"]);
}

#[tokio::test]
async fn many_who_ask_at_a_time_load_it_once() {
    let exporter = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    let configs = called(&["a", "b"]).await;
    let models = ClassifierCache::new(configs, 1, host(), &provider.meter("test")).unwrap();
    let asked: Vec<_> = (0..8)
        .map(|_| {
            tokio::spawn({
                let models = models.clone();
                async move { models.get("a").await.map(drop) }
            })
        })
        .collect();
    for one in asked {
        one.await.unwrap().unwrap();
    }
    models.get("b").await.unwrap();
    provider.force_flush().unwrap();
    let recorded = exporter.get_finished_metrics().unwrap();
    let mut counted = BTreeMap::new();
    for metric in recorded.iter().flat_map(|it| it.scope_metrics()).flat_map(|it| it.metrics()) {
        if let AggregatedMetrics::U64(MetricData::Sum(data)) = metric.data() {
            for point in data.data_points() {
                let labels: Vec<String> =
                    point.attributes().map(|label| label.value.to_string()).collect();
                counted.insert(format!("{} {}", metric.name(), labels.join(" ")), point.value());
            }
        }
    }
    assert_eq!(counted["courant_model_requests loaded"], 2, "{counted:?}");
    assert_eq!(counted["courant_model_requests hit"], 7, "{counted:?}");
    assert_eq!(counted["courant_model_evictions "], 1, "{counted:?}");
}

#[tokio::test]
async fn what_is_larger_than_all_the_room_or_unknown_is_refused() {
    let models = models(called(&["a", "b"]).await, 0);
    let error = models.get("a").await.err().unwrap();
    assert!(matches!(error, Error::TooLarge { needed: 1, capacity: 0, .. }), "{error}");
    let error = models.get("c").await.err().unwrap();
    assert_eq!(error.to_string(), "no classifier is called c; there are: a, b");
    let twice = called(&["a", "a"]).await;
    let error = ClassifierCache::new(twice, 1, host(), &meter()).err().unwrap();
    assert!(matches!(error, Error::Config { key: "name", .. }), "{error}");
}
