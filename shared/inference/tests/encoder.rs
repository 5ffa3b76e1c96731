//! The encoder on its real weights (`make deps` fetches them).
#![expect(clippy::unwrap_used, reason = "what builds a test's input may fail it")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use courant_article::{Embedding, Entity, EntityKind, TextKind};
use courant_gpu_utils::Config as GpuConfig;
use courant_heads::entities::EntityHead;
use courant_heads::registry::Registry;
use courant_heads::{Head, HeadTask};
use courant_inference::{
    Config, Deps, EmbeddedDocument, Encoder, Error, FrozenEncoder, Precision, Priority, TokenCount,
    TokenPooling, catalog,
};
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use serde::Deserialize;

/// The default configuration in fp32, on every CPU.
fn reference() -> Config {
    Config { precision: Precision::Fp32.into(), ..Config::default() }
}

fn load(config: &Config) -> Result<Encoder, Error> {
    load_measured(config, &SdkMeterProvider::default())
}

fn load_measured(config: &Config, provider: &SdkMeterProvider) -> Result<Encoder, Error> {
    let gpu = GpuConfig { force_cpu: true, ..GpuConfig::default() };
    Encoder::load(config, &gpu, &Deps::resolve(), &provider.meter("test"))
}

fn encoder() -> Encoder {
    load(&Config { sessions: Some(1), ..reference() }).unwrap()
}

fn failure(config: &Config) -> Error {
    load(config).err().expect("the encoder was loaded")
}

async fn embed(encoder: &Encoder, texts: &[&str]) -> Vec<Embedding> {
    let texts = texts.iter().map(ToString::to_string).collect();
    encoder.embed(texts, TextKind::Document, Priority::Bulk).await.unwrap()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

#[tokio::test]
async fn vectors_are_those_of_an_independent_computation() {
    #[derive(Deserialize)]
    struct Case {
        text: String,
        vector: Vec<f32>,
    }
    let json = std::fs::read(fixtures().join("reference_vectors.json")).unwrap();
    let cases: Vec<Case> = serde_json::from_slice(&json).unwrap();
    let texts: Vec<&str> = cases.iter().map(|case| case.text.as_str()).collect();
    let vectors = embed(&encoder(), &texts).await;
    assert_eq!(vectors.len(), cases.len());
    for (case, vector) in cases.iter().zip(vectors) {
        assert_eq!(case.vector.len(), vector.dimension());
        let cosine = Embedding::normalized(case.vector.clone()).cosine(&vector);
        assert!(cosine >= 0.9999, "{}: {cosine}", case.text);
        for (expected, found) in case.vector.iter().zip(vector.as_slice()) {
            assert!((expected - found).abs() < 1e-4, "{}: {expected} is {found}", case.text);
        }
    }
}

#[tokio::test]
async fn a_paraphrase_is_nearer_than_another_subject() {
    let vectors = embed(
        &encoder(),
        &[
            "The central bank raised interest rates.",
            "Borrowing gets more expensive as the monetary authority tightens.",
            "The striker scored twice in the final.",
        ],
    )
    .await;
    assert!(vectors[0].cosine(&vectors[1]) > vectors[0].cosine(&vectors[2]) + 0.2);
}

fn texts_of_all_lengths() -> Vec<String> {
    (1..40).map(|count| "Rain fell on the old harbour town. ".repeat(count)).collect()
}

/// Embeds texts together and one by one, each time anew. Returns the vectors of those
/// together, and how many texts the largest batch had.
async fn assert_independent_of_the_batch(precision: Precision) -> (Vec<Embedding>, u64) {
    let recorder = Recorder::new();
    let encoder = recorder.load(&Config {
        precision: precision.into(),
        sessions: Some(1),
        token_budget: Some(8_192),
        result_cache_mb: 0,
        ..reference()
    });
    assert_eq!(encoder.model().precision, precision.name());
    let texts = texts_of_all_lengths();
    let together = encoder.embed(texts.clone(), TextKind::Document, Priority::Bulk).await.unwrap();
    for (text, batched) in texts.into_iter().zip(&together) {
        let alone = encoder.embed(vec![text], TextKind::Document, Priority::Query).await.unwrap();
        let cosine = alone[0].cosine(batched);
        assert!(cosine >= 0.99999, "{precision}: {cosine}");
    }
    let recorded = recorder.finish(encoder);
    assert_eq!(counted(&recorded, "courant_encoder_requests", "embedded"), 78);
    (together, largest(&recorded, "courant_batch_items"))
}

#[tokio::test]
async fn a_vector_does_not_depend_on_what_it_is_batched_with() {
    let (_, largest_batch) = assert_independent_of_the_batch(Precision::Fp32).await;
    assert!(largest_batch > 1, "no text was batched with another");
}

fn article() -> String {
    let paragraph = |number| {
        format!(
            "Dr. Šimůnek opened hall {number} of the fair on Monday. Visitors — some from \
             far away — praised the “new” exhibits, though tickets cost {number} euros. \
             “We expected fewer people,” she said.\n"
        )
    };
    (0..25).map(paragraph).collect()
}

#[tokio::test]
async fn an_article_becomes_overlapping_chunks_with_their_weighted_mean() {
    let encoder = encoder();
    let text = article();
    let EmbeddedDocument { embeddings, chunks } = encoder.embed_document(&text).await.unwrap();
    let length = u32::try_from(text.trim_end().chars().count()).unwrap();
    assert!(chunks.len() > 3);
    assert_eq!(chunks[0].span.start, 0);
    assert_eq!(chunks[chunks.len() - 1].span.end, length);
    assert!(chunks.iter().all(|chunk| chunk.tokens <= 256));
    assert!(chunks.windows(2).all(|pair| pair[1].span.start < pair[0].span.end));
    let weighted = chunks.iter().map(|chunk| (&chunk.vector, chunk.tokens as f32));
    assert!(Embedding::weighted_mean(weighted).unwrap().cosine(&embeddings.vector) > 0.999_99);
    let count = encoder.count_tokens(&text).await.unwrap();
    let shared = 32 * (chunks.len() - 1);
    let own: usize = chunks.iter().map(|chunk| chunk.tokens as usize - 2).sum();
    assert_eq!(count, TokenCount { tokens: own - shared, first_tokens: 254, chunks: chunks.len() });
    assert_eq!(embeddings.model, *encoder.model());
}

#[tokio::test]
async fn a_sentence_s_vector_is_nearest_to_that_of_its_own_text() {
    let encoder = encoder();
    let own = [
        "The central bank raised interest rates by a quarter point.",
        "The striker scored twice in the cup final.",
        "Heavy rain flooded the cellars of the old town.",
    ];
    let sentences = encoder.embed_document(&own.join(" ")).await.unwrap().embeddings.sentences;
    assert_eq!(sentences.len(), own.len());
    let alone = embed(&encoder, &own).await;
    for (index, sentence) in sentences.iter().enumerate() {
        let vector = sentence.vector.iter().map(|value| value.to_f32()).collect();
        let in_context = Embedding::from_unit(vector);
        let nearness: Vec<f32> = alone.iter().map(|vector| vector.cosine(&in_context)).collect();
        let nearest = (0..own.len()).max_by(|&a, &b| nearness[a].total_cmp(&nearness[b]));
        assert_eq!(nearest, Some(index), "{nearness:?}");
    }
}

#[tokio::test]
async fn sentences_of_every_chunk_stand_where_their_text_does() {
    let text = article();
    let characters: Vec<char> = text.chars().collect();
    let sentences = encoder().embed_document(&text).await.unwrap().embeddings.sentences;
    assert_eq!(sentences.len(), 75);
    for (index, sentence) in sentences.iter().enumerate() {
        let span = sentence.span.start as usize..sentence.span.end as usize;
        let own: String = characters[span].iter().collect();
        let start = ["Dr. Šimůnek", "Visitors", "“We expected"][index % 3];
        assert!(own.starts_with(start) && own.ends_with('.'), "{own}");
    }
}

#[tokio::test]
async fn an_article_larger_than_the_queue_waits_for_room() {
    let config = Config { sessions: Some(1), queue_capacity: 1, ..reference() };
    let recorder = Recorder::new();
    let encoder = recorder.load(&config);
    let document = encoder.embed_document(&article()).await.unwrap();
    assert!(document.chunks.len() > 3);
    let texts = vec!["one".to_owned(), "two".to_owned()];
    let deadline = Instant::now() + Duration::from_secs(60);
    let refused =
        encoder.try_embed_before(texts, TextKind::Document, Priority::Query, deadline).await;
    assert!(matches!(refused, Err(Error::Overloaded { capacity: 1 })));
    let one = vec!["one".to_owned()];
    assert!(
        encoder.try_embed_before(one, TextKind::Document, Priority::Query, deadline).await.is_ok()
    );
    assert_eq!(counted(&recorder.finish(encoder), "courant_encoder_requests", "refused"), 2);
}

#[tokio::test]
async fn an_empty_text_is_an_error_and_never_a_vector() {
    let encoder = encoder();
    let texts = vec!["words".to_owned(), " \n\u{200b}".to_owned()];
    let refused = encoder.embed(texts, TextKind::Document, Priority::Query).await;
    assert!(matches!(refused, Err(Error::EmptyText { index: 1 })));
    assert!(matches!(encoder.embed_document("").await, Err(Error::EmptyText { .. })));
    assert_eq!(
        encoder.count_tokens("").await.unwrap(),
        TokenCount { tokens: 0, first_tokens: 0, chunks: 0 }
    );
}

#[tokio::test]
async fn dropped_requests_leave_the_encoder_working() {
    let encoder = encoder();
    let abandoned = tokio::spawn({
        let encoder = encoder.clone();
        async move { encoder.embed_document(&article()).await }
    });
    embed(&encoder, &["first"]).await;
    abandoned.abort();
    assert_eq!(embed(&encoder, &["second"]).await.len(), 1);
}

/// A folder with the real model's files, to be changed.
fn model_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let real = Deps::resolve().model("all-MiniLM-L6-v2").unwrap();
    for entry in std::fs::read_dir(real).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    folder
}

fn config_of(folder: &tempfile::TempDir) -> Config {
    Config { model: folder.path().to_str().unwrap().to_owned(), sessions: Some(1), ..reference() }
}

#[test]
fn a_changed_model_file_is_named_with_both_checksums() {
    let folder = model_folder();
    let path = folder.path().join("encoder.weights");
    let mut weights = std::fs::read(&path).unwrap();
    weights[50_000_000] ^= 1;
    std::fs::write(&path, weights).unwrap();
    let error = failure(&config_of(&folder));
    assert!(matches!(&error, Error::Checksum { path: named, .. } if *named == path), "{error}");
}

#[test]
fn a_missing_model_or_library_is_named() {
    let config = Config { model: "no-such-model".into(), ..reference() };
    assert!(failure(&config).to_string().contains("no-such-model/model.json"));
    let config = Config { runtime_library: Some("/no/such/library.so".into()), ..reference() };
    assert!(failure(&config).to_string().contains("/no/such/library.so"));
}

#[test]
fn a_dimension_that_the_graph_does_not_have_is_refused() {
    let folder = model_folder();
    let path = folder.path().join("model.json");
    let manifest = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, manifest.replace("\"dimension\": 384", "\"dimension\": 383")).unwrap();
    let error = failure(&config_of(&folder));
    assert!(matches!(&error, Error::Graph { reason, .. } if reason.contains("383")), "{error}");
}

#[test]
fn more_tokens_than_the_encoder_takes_are_refused() {
    let error = failure(&Config { max_tokens: 512, ..reference() });
    assert!(matches!(error, Error::Config { key: "max_tokens", .. }), "{error}");
}

/// The cache of the hub's tools with the tiny encoder in it.
fn hub_cache() -> tempfile::TempDir {
    let cache = tempfile::tempdir().unwrap();
    let repository = cache.path().join("models--tests--tiny");
    let snapshot = repository.join("snapshots/0123");
    std::fs::create_dir_all(snapshot.join("onnx")).unwrap();
    std::fs::create_dir_all(repository.join("refs")).unwrap();
    std::fs::write(repository.join("refs/main"), "0123").unwrap();
    let tiny = fixtures().join("tiny");
    for (file, place) in [
        ("model.onnx", "onnx/model.onnx"),
        ("tokenizer.json", "tokenizer.json"),
        ("config.json", "config.json"),
    ] {
        std::fs::copy(tiny.join(file), snapshot.join(place)).unwrap();
    }
    cache
}

/// The configuration of the tiny encoder, with the pins that the errors name.
fn hub_config(cache: &tempfile::TempDir) -> Config {
    let mut config = Config {
        model: "hf:tests/tiny".into(),
        hub_cache: Some(cache.path().to_owned()),
        max_tokens: 6,
        overlap: 1,
        sessions: Some(1),
        ..reference()
    };
    let mut pins = BTreeMap::new();
    while let Err(Error::Unpinned { file, found, .. }) = load(&config) {
        pins.insert(file, found);
        config.sha256.clone_from(&pins);
    }
    config
}

#[tokio::test]
async fn an_encoder_in_a_folder_as_on_the_hub_gives_what_the_hub_s_gives() {
    let cache = hub_cache();
    let config = hub_config(&cache);
    let folder = cache.path().join("models--tests--tiny/snapshots/0123");
    let in_folder = Config { model: folder.display().to_string(), ..config.clone() };
    let [here, there] = [load(&in_folder).unwrap(), load(&config).unwrap()];
    assert_eq!(here.model().name, "0123");
    assert_eq!(here.model().version, there.model().version);
    assert_eq!(embed(&here, &["alpha beta"]).await, embed(&there, &["alpha beta"]).await);
    let unpinned = Config { sha256: BTreeMap::new(), ..in_folder };
    assert!(matches!(failure(&unpinned), Error::Unpinned { .. }));
}

#[tokio::test]
async fn an_encoder_from_the_hub_is_pooled_here() {
    let cache = hub_cache();
    let config = hub_config(&cache);
    assert_eq!(config.sha256.len(), 3, "each file must be pinned");
    let encoder = load(&config).unwrap();
    let reason = encoder.embed_document("alpha").await.unwrap().embeddings.entities.unwrap_err();
    assert_eq!(reason, "the encoder tests/tiny gives no states of its tokens");
    // [CLS] alpha beta [SEP], each with a vector of its own.
    let vectors = embed(&encoder, &["alpha beta", "gamma gamma"]).await;
    assert_eq!(vectors[0].as_slice(), [0.0, 0.5, 0.5, 0.0, 0.5, 0.5, 0.0, 0.0]);
    let third = 1.0 / 6.0_f32.sqrt();
    for (found, expected) in
        vectors[1].as_slice().iter().zip([0.0, third, third, 0.0, 0.0, 0.0, 2.0 * third, 0.0])
    {
        assert!((found - expected).abs() < 1e-6);
    }
    let chunks = encoder.embed_document("alpha beta gamma delta alpha").await.unwrap().chunks;
    assert_eq!(chunks.iter().map(|chunk| chunk.tokens).collect::<Vec<_>>(), [6, 4]);
}

#[tokio::test]
async fn an_encoder_from_the_hub_is_pooled_by_its_first_token_where_that_is_configured() {
    let cache = hub_cache();
    let mean = hub_config(&cache);
    let cls = Config { pooling: TokenPooling::Cls, ..mean.clone() };
    let encoder = load(&cls).unwrap();
    // That of [CLS], whatever follows it.
    let first = [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    for vector in embed(&encoder, &["alpha beta", "gamma gamma"]).await {
        assert_eq!(vector.as_slice(), first);
    }
    let document = encoder.embed_document("alpha beta").await.unwrap();
    assert_eq!(document.chunks[0].vector.as_slice(), first);
    let sentence: Vec<f32> =
        document.embeddings.sentences[0].vector.iter().map(|v| v.to_f32()).collect();
    assert!(sentence[4] > 0.7 && sentence[5] > 0.7, "the mean of its own tokens: {sentence:?}");
    assert_ne!(encoder.model().version, load(&mean).unwrap().model().version);
}

#[test]
fn positions_that_a_model_from_the_hub_cannot_use_do_not_count() {
    let cache = hub_cache();
    let snapshot = cache.path().join("models--tests--tiny/snapshots/0123/config.json");
    let described = |rest: &str| format!("{{\"hidden_size\": 8, {rest}}}");
    let roberta = r#""model_type": "roberta", "max_position_embeddings": 10, "pad_token_id": 1"#;
    std::fs::write(&snapshot, described(roberta)).unwrap();
    let config = hub_config(&cache);
    assert!(load(&Config { max_tokens: 8, ..config.clone() }).is_ok());
    let error = failure(&Config { max_tokens: 9, ..config });
    assert!(error.to_string().contains("takes at most 8"), "{error}");
    std::fs::write(&snapshot, described(r#""max_position_embeddings": -1"#)).unwrap();
    let error = failure(&hub_config(&cache));
    assert!(matches!(error, Error::Manifest { .. }), "{error}");
}

#[test]
fn what_is_pulled_is_what_must_be_pinned() {
    let cache = hub_cache();
    let pinned = hub_config(&cache);
    let config = Config { sha256: BTreeMap::new(), ..pinned.clone() };
    assert_eq!(catalog::pull("tests/tiny", &config).unwrap(), pinned.sha256);
    assert_eq!(catalog::pull("tests/tiny", &pinned).unwrap(), pinned.sha256);
    let mut other = pinned;
    other.sha256.insert("config.json".into(), "0".repeat(64));
    assert!(matches!(catalog::pull("tests/tiny", &other), Err(Error::Checksum { .. })));
}

#[test]
fn encoders_are_listed_without_being_fetched_or_loaded() {
    let cache = hub_cache();
    let config = hub_config(&cache);
    let listed = catalog::listed(&config, &Deps::resolve());
    let of = |model: &str| {
        let listed = listed.iter().find(|listed| listed.model == model).unwrap();
        listed.encoders.as_ref().unwrap()
    };
    assert_eq!((of("hf:tests/tiny").len(), of("hf:tests/tiny")[0].dimension), (1, 8));
    let bundled = of("all-MiniLM-L6-v2");
    assert_eq!(bundled[0].version, encoder().model().version);
    let precisions: Vec<Precision> = bundled.iter().map(|encoder| encoder.precision).collect();
    assert_eq!(precisions[..3], [Precision::Fp32, Precision::Fp16, Precision::Int8]);
    assert!(bundled[1].bytes < bundled[0].bytes && bundled[2].bytes < bundled[0].bytes);
    let absent = Config { model: "hf:tests/absent".into(), ..config };
    let listed = catalog::listed(&absent, &Deps::resolve());
    let absent = listed.iter().find(|listed| listed.model == "hf:tests/absent").unwrap();
    assert!(matches!(absent.encoders, Err(Error::NotFetched { .. })));
}

#[tokio::test]
async fn a_promoted_head_finds_the_names_and_a_broken_one_finds_none() {
    let folder = tempfile::tempdir().unwrap();
    let head = EntityHead::embedded().clone().with_f1(0.25);
    let registry = Registry::at(folder.path());
    registry.keep(&Head::Entities(head.clone())).unwrap();
    let version = head.model().version;
    registry.promote(HeadTask::Entities, &version, None, false, 1).unwrap();
    let config = Config { heads: Some(folder.path().to_owned()), ..reference() };
    let embedded = load(&config).unwrap().embed_document("Ann Lee left Paris.").await.unwrap();
    assert_eq!(embedded.embeddings.entities.unwrap().model, head.model());
    std::fs::write(registry.path(HeadTask::Entities, &version), "broken").unwrap();
    assert!(matches!(failure(&config), Error::Heads(_)));
}

#[test]
fn a_frozen_encoder_gives_the_same_text_the_same_values() {
    let frozen = FrozenEncoder::load(&reference(), &Deps::resolve()).unwrap();
    let texts = ["The harbour reopened.", "Ann Lee met the mayor of Paris on Monday."];
    let together = frozen.documents(&texts).unwrap();
    for (text, document) in texts.iter().zip(&together) {
        assert_eq!(frozen.documents(&[text]).unwrap()[0], *document);
    }
    let states = frozen.word_states(texts[0]).unwrap();
    assert_eq!(states.states.len(), states.spans.len() * states.dimension);
    let empty = frozen.documents(&["words", " "]);
    assert!(matches!(empty, Err(Error::EmptyText { index: 1 })));
}

#[test]
fn a_file_from_the_hub_that_differs_from_its_pin_is_refused() {
    let cache = hub_cache();
    let config = hub_config(&cache);
    let graph = cache.path().join("models--tests--tiny/snapshots/0123/onnx/model.onnx");
    let mut bytes = std::fs::read(&graph).unwrap();
    bytes.push(0);
    std::fs::write(&graph, bytes).unwrap();
    assert!(matches!(failure(&config), Error::Checksum { .. }));
}

/// Keeps what an encoder's instruments record.
struct Recorder {
    exporter: InMemoryMetricExporter,
    provider: SdkMeterProvider,
}

impl Recorder {
    fn new() -> Self {
        let exporter = InMemoryMetricExporter::default();
        let reader = PeriodicReader::builder(exporter.clone()).build();
        Self { exporter, provider: SdkMeterProvider::builder().with_reader(reader).build() }
    }

    fn load(&self, config: &Config) -> Encoder {
        load_measured(config, &self.provider).unwrap()
    }

    /// Returns the recorded metrics. Ends the sessions' threads first, because they record after
    /// they have answered.
    fn finish(self, encoder: Encoder) -> ResourceMetrics {
        drop(encoder);
        self.provider.force_flush().unwrap();
        self.exporter.get_finished_metrics().unwrap().pop().unwrap()
    }
}

fn recorded<'a>(metrics: &'a ResourceMetrics, name: &str) -> &'a AggregatedMetrics {
    let mut all = metrics.scope_metrics().flat_map(|scope| scope.metrics());
    all.find(|metric| metric.name() == name).unwrap_or_else(|| panic!("no {name}")).data()
}

/// Returns the value of a counter for an outcome.
fn counted(metrics: &ResourceMetrics, name: &str, outcome: &str) -> u64 {
    let AggregatedMetrics::U64(MetricData::Sum(sum)) = recorded(metrics, name) else {
        panic!("{name} is no counter");
    };
    let mut points = sum.data_points();
    let is_it = |attribute: &KeyValue| *attribute == KeyValue::new("outcome", outcome.to_owned());
    points.find(|point| point.attributes().any(is_it)).map_or(0, |point| point.value())
}

/// The largest value that a histogram holds.
fn largest(metrics: &ResourceMetrics, name: &str) -> u64 {
    let AggregatedMetrics::U64(MetricData::Histogram(histogram)) = recorded(metrics, name) else {
        panic!("{name} is no histogram");
    };
    histogram.data_points().filter_map(|point| point.max()).max().unwrap()
}

/// The sum of everything that each instrument recorded while `batches` were embedded on
/// the CPU, one behind the other.
async fn measured(batches: impl IntoIterator<Item = Vec<String>>) -> BTreeMap<String, f64> {
    let recorder = Recorder::new();
    let encoder = recorder.load(&Config { sessions: Some(1), result_cache_mb: 0, ..reference() });
    for batch in batches {
        encoder.embed(batch, TextKind::Document, Priority::Bulk).await.unwrap();
    }
    // The metrics show 0 for a session that has ended.
    recorder.provider.force_flush().unwrap();
    sums(&recorder.exporter.get_finished_metrics().unwrap().pop().unwrap())
}

#[tokio::test]
async fn what_runs_do_not_give_back_is_measured() {
    let batches = (0..25).map(|words| vec!["rain ".repeat(1 + words)]);
    let sums = measured(batches).await;
    assert_eq!(sums.get("courant_session_leak"), Some(&0.0));
    assert_eq!(sums.get("courant_session_leaking"), Some(&0.0));
}

#[tokio::test]
async fn batches_and_tokens_are_measured() {
    let texts = ["one short text", "another text that is a little longer"];
    let sums = measured([texts.map(str::to_owned).to_vec()]).await;
    assert_eq!(sums["courant_batch_items"], 2.0);
    assert_eq!(sums["courant_encoder_requests"], 2.0);
    assert_eq!(sums["courant_encoder_tokens"], sums["courant_batch_tokens"]);
    assert!(sums["courant_session_memory"] > 0.0);
    assert!(!sums.keys().any(|name| name.starts_with("courant_gpu")), "{sums:?}");
    for duration in ["queue_wait", "tokenize_duration", "inference_duration"] {
        assert!(sums[format!("courant_encoder_{duration}").as_str()] > 0.0, "{duration}");
    }
}

fn sums(recorded: &ResourceMetrics) -> BTreeMap<String, f64> {
    let sum = |data: &AggregatedMetrics| match data {
        AggregatedMetrics::F64(MetricData::Histogram(data)) => {
            data.data_points().map(|point| point.sum()).sum()
        }
        AggregatedMetrics::U64(MetricData::Histogram(data)) => {
            data.data_points().map(|point| point.sum() as f64).sum()
        }
        AggregatedMetrics::U64(MetricData::Sum(data)) => {
            data.data_points().map(|point| point.value() as f64).sum()
        }
        AggregatedMetrics::U64(MetricData::Gauge(data)) => {
            data.data_points().map(|point| point.value() as f64).sum()
        }
        AggregatedMetrics::I64(MetricData::Gauge(data)) => {
            data.data_points().map(|point| point.value() as f64).sum()
        }
        other => panic!("unexpected kind of metric {other:?}"),
    };
    recorded
        .scope_metrics()
        .flat_map(|scope| scope.metrics())
        .map(|metric| (metric.name().to_owned(), sum(metric.data())))
        .collect()
}

#[tokio::test]
async fn an_int8_vector_is_near_that_of_fp32_and_independent_of_its_batch() {
    let (int8, largest_batch) = assert_independent_of_the_batch(Precision::Int8).await;
    assert_eq!(largest_batch, 1, "the range of the rounded values is that of the run");
    let fp32 =
        encoder().embed(texts_of_all_lengths(), TextKind::Document, Priority::Bulk).await.unwrap();
    for (int8, exact) in int8.iter().zip(&fp32) {
        assert!(int8.cosine(exact) > 0.98, "{}", int8.cosine(exact));
    }
}

#[tokio::test]
async fn a_half_float_vector_is_nearly_that_of_fp32_and_independent_of_its_batch() {
    let (half, largest_batch) = assert_independent_of_the_batch(Precision::Fp16).await;
    assert!(largest_batch > 1, "no text was batched with another");
    let whole =
        encoder().embed(texts_of_all_lengths(), TextKind::Document, Priority::Bulk).await.unwrap();
    for (half, whole) in half.iter().zip(&whole) {
        assert!(half.cosine(whole) > 0.9995, "{}", half.cosine(whole));
        assert_ne!(half, whole);
    }
}

#[tokio::test]
async fn a_text_that_comes_again_has_its_kept_vector_and_its_place() {
    let recorder = Recorder::new();
    let encoder = recorder.load(&Config { sessions: Some(1), ..reference() });
    let first = embed(&encoder, &["alpha", "beta"]).await;
    let again = embed(&encoder, &["gamma", "beta", "alpha"]).await;
    assert_eq!(again[1..], [first[1].clone(), first[0].clone()]);
    assert_ne!(again[0], first[0]);
    let texts = vec!["beta".to_owned(), String::new()];
    let refused = encoder.embed(texts, TextKind::Document, Priority::Query).await;
    assert!(matches!(refused, Err(Error::EmptyText { index: 1 })), "{refused:?}");
    let recorded = recorder.finish(encoder);
    let results = |outcome| counted(&recorded, "courant_encoder_results", outcome);
    assert_eq!((results("hit"), results("miss")), (3, 4));
    assert_eq!(counted(&recorded, "courant_encoder_requests", "embedded"), 3);
}

#[tokio::test]
async fn an_answer_that_would_come_too_late_is_an_error() {
    let past = Instant::now();
    let texts = vec!["words".to_owned()];
    let late = encoder().embed_before(texts, TextKind::Document, Priority::Query, past).await;
    assert!(matches!(late, Err(Error::Late)), "{late:?}");
}

#[tokio::test]
async fn the_arena_gives_everything_back_after_each_run() {
    let encoder = encoder();
    for words in [1, 100, 20] {
        embed(&encoder, &["rain ".repeat(words).as_str()]).await;
    }
    let before = encoder.arenas()[0];
    for words in [3, 90, 50, 7] {
        embed(&encoder, &["snow ".repeat(words).as_str()]).await;
    }
    let after = encoder.arenas()[0];
    assert!(before.in_use_bytes > 0 && before.peak_bytes > before.in_use_bytes);
    assert_eq!(after.in_use_bytes, before.in_use_bytes);
}

#[tokio::test]
async fn names_are_found_with_their_places_in_code_points() {
    let text = "“Žižkov is changing,” said Angela Merkel in Berlin after a meeting of the United \
                Nations in London."
        .to_owned();
    let text = format!("{text} {}", article());
    let entities = encoder().embed_document(&text).await.unwrap().embeddings.entities.unwrap();
    assert_eq!(entities.model.name, "entities");
    let characters: Vec<char> = text.chars().collect();
    for entity in &entities.entities {
        let range = entity.span.start as usize..entity.span.end as usize;
        assert_eq!(characters[range].iter().collect::<String>(), entity.text);
        assert!((0.0..=1.0).contains(&entity.score));
    }
    let in_order = |pair: &[Entity]| pair[0].span.end <= pair[1].span.start;
    assert!(entities.entities.windows(2).all(in_order), "no name twice where chunks overlap");
    let found: Vec<_> = entities.entities.iter().map(|e| (e.text.as_str(), e.kind)).collect();
    assert!(found.contains(&("Angela Merkel", EntityKind::Person)), "{found:?}");
    assert!(found.contains(&("Berlin", EntityKind::Location)), "{found:?}");
    assert!(found.contains(&("London", EntityKind::Location)), "{found:?}");
}

#[tokio::test]
async fn words_have_states_wherever_chunks_end() {
    let encoder = encoder();
    let text = article();
    let states = encoder.word_states(&text).await.unwrap();
    assert_eq!(states.dimension, 768);
    assert_eq!(states.states.len(), states.spans.len() * states.dimension);
    let rows = states.states.chunks_exact(states.dimension);
    assert!(rows.into_iter().all(|row| row.iter().any(|value| *value != 0.0)));
}
