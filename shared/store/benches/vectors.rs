//! Searches by vector in a SQLite store of 100,000 articles, by codes and by all values in memory,
//! and the time that a start takes for either; with codes alone, that for a million.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use courant_article::{
    Analysis, Article, ArticleId, CanonicalUrl, ContentHash, Decision, Embedding, Evidence,
    FeedFields, ModelRef, PageFields, Revision, Text,
};
use courant_store::{Access, Config, RowSet, Store, StoredArticle};
use courant_telemetry::{Clock, Meters};
use courant_vectors::{ScanPlacement, on_cpu};
use criterion::{Criterion, criterion_group, criterion_main};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::runtime::Runtime;

const ARTICLES: usize = 100_000;
const DIMENSION: usize = 384;
const TOPICS: usize = 200;
const K: usize = 10;

fn draw(random: &mut StdRng) -> Vec<f32> {
    (0..DIMENSION).map(|_| random.random_range(-1.0..1.0)).collect()
}

fn near(topic: &[f32], random: &mut StdRng) -> Embedding {
    let noise = draw(random);
    Embedding::normalized(topic.iter().zip(noise).map(|(a, b)| a + 0.8 * b).collect())
}

fn record(number: usize, vector: Embedding) -> StoredArticle {
    let text = format!("Report {number} tells of the harbour. {}", "It is long. ".repeat(60));
    let url = format!("https://example.com/{number}");
    StoredArticle {
        article: Article {
            id: ArticleId::of(&CanonicalUrl::from_canonical(url.clone())),
            revision: Revision(1),
            url,
            content_hash: ContentHash::of_normalized(&text),
            title: format!("Report {number}"),
            authors: Vec::new(),
            published_at: None,
            declared_language: None,
            site_name: None,
            text: Text::new(text),
            source: "bench".into(),
            submission_id: number.to_string(),
            decision: Decision::New,
            syndicated_of: None,
            page: PageFields::default(),
            feed: FeedFields::default(),
            evidence: Evidence::default(),
        },
        model: ModelRef {
            name: "m".into(),
            version: "1".into(),
            precision: "fp32".into(),
            provider: "cpu".into(),
        },
        vector,
        analysis: Analysis::default(),
        stored_at: Clock::fixed(0).now(),
    }
}

async fn open(path: &Path, place: Option<ScanPlacement>) -> Store {
    let meter = Meters::new("bench").expect("a registry").meter();
    let (config, clock) = (Config::default(), Clock::fixed(0));
    let store = Store::sqlite_at(path, Access::ReadWrite, &config, clock, &meter, place).await;
    store.expect("the file can be opened")
}

/// Opens the file, searches once, and prints the time of both.
async fn started(
    name: &str,
    path: &Path,
    place: Option<ScanPlacement>,
    query: &Embedding,
) -> Store {
    let start = Instant::now();
    let store = open(path, place).await;
    let opened = start.elapsed();
    store.articles().nearest(query, K, None).await.expect("it fits");
    println!("{name}: opened in {opened:.0?}, first search after {:.0?}", start.elapsed());
    store
}

async fn fill(path: &Path, vectors: &[Embedding]) {
    let store = open(path, None).await;
    let all: Vec<_> = vectors.iter().enumerate().collect();
    for batch in all.chunks(1_000) {
        let records: Vec<_> =
            batch.iter().map(|(n, vector)| record(*n, (*vector).clone())).collect();
        store.articles().upsert(&records).await.expect("the disk has room");
    }
    store.close().await.expect("it can be closed");
}

/// The share of the nearest by all values that are found by codes.
async fn recall(codes: &Store, values: &Store, queries: &[Embedding]) -> f64 {
    let mut hits = 0;
    for query in queries {
        let exact = values.articles().nearest(query, K, None).await.expect("it fits");
        let found = codes.articles().nearest(query, K, None).await.expect("it fits");
        hits += exact.iter().filter(|near| found.iter().any(|it| it.id == near.id)).count();
    }
    hits as f64 / (K * queries.len()) as f64
}

fn searches(criterion: &mut Criterion) {
    let mut random = StdRng::seed_from_u64(1);
    let topics: Vec<Vec<f32>> = (0..TOPICS).map(|_| draw(&mut random)).collect();
    let vectors: Vec<_> = (0..ARTICLES).map(|n| near(&topics[n % TOPICS], &mut random)).collect();
    let queries: Vec<_> = topics.iter().take(50).map(|topic| near(topic, &mut random)).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(fill(&path, &vectors));
    drop(vectors);
    let mut group = criterion.benchmark_group("sqlite_100k_articles");
    group.sample_size(20);
    let among: Arc<RowSet> = Arc::new((1..ARTICLES as u32).step_by(100).collect());
    let mut measure = |name: &str, store: &Store| {
        let articles = store.articles();
        for (filter, among) in [("all", None), ("filter_of_1_percent", Some(&among))] {
            group.bench_function(format!("{name}_{filter}"), |b| {
                b.iter(|| {
                    let among = among.map(Arc::clone);
                    let nearest = articles.nearest(black_box(&queries[7]), K, among);
                    runtime.block_on(nearest).expect("it fits")
                });
            });
        }
    };
    let values = runtime.block_on(started("values", &path, Some(on_cpu()), &queries[0]));
    measure("values", &values);
    drop(values);
    let codes = runtime.block_on(started("codes", &path, None, &queries[0]));
    measure("codes", &codes);
    drop(codes);
    let meter = Meters::new("bench").expect("a registry").meter();
    let reading = |place| {
        let (config, clock) = (Config::default(), Clock::fixed(0));
        let (path, meter) = (path.clone(), meter.clone());
        async move { Store::sqlite_at(&path, Access::ReadOnly, &config, clock, &meter, place).await }
    };
    let codes = runtime.block_on(reading(None)).expect("a file");
    let values = runtime.block_on(reading(Some(on_cpu()))).expect("a file");
    println!("recall@{K}: {:.4}", runtime.block_on(recall(&codes, &values, &queries)));
    drop((codes, values));
    start_with_a_million_codes(&runtime, &path, &queries[0]);
    group.finish();
}

fn start_with_a_million_codes(runtime: &Runtime, path: &Path, query: &Embedding) {
    let file = rusqlite::Connection::open(path).expect("a file");
    let more = "WITH RECURSIVE more (number) AS (
                    SELECT 100001 UNION ALL SELECT number + 1 FROM more WHERE number < 1000000)
                INSERT INTO article_code SELECT number, randomblob(48) FROM more";
    file.execute(more, []).expect("the disk has room");
    drop(file);
    runtime.block_on(started("codes of a million", path, None, query));
}

criterion_group!(benches, searches);
criterion_main!(benches);
