//! Searches in a SQLite store of 20,000 articles with names, each by one caller.

use std::hint::black_box;

use courant_article::{
    Analysis, Article, ArticleId, CanonicalUrl, ContentHash, Decision, Embedding, Entity,
    EntityKind, Evidence, FeedFields, ModelRef, PageFields, Revision, Span, Text,
};
use courant_store::{Access, Config, Store, StoredArticle};
use courant_telemetry::{Clock, Meters};
use criterion::{Criterion, criterion_group, criterion_main};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::runtime::Runtime;

const ARTICLES: usize = 20_000;
const DIMENSION: usize = 384;
/// Names of all articles, and of each.
const NAMES: usize = 5_000;
const NAMES_EACH: usize = 12;

fn record(number: usize, random: &mut StdRng) -> StoredArticle {
    let names: Vec<String> = (0..NAMES_EACH)
        // A few names are in many articles, most in few.
        .map(|_| format!("Person{:.0}", NAMES as f64 * random.random::<f64>().powi(3)))
        .collect();
    let text = format!("Report {number} tells of {}.", names.join(" and "));
    let url = format!("https://example.com/{number}");
    let vector = (0..DIMENSION).map(|_| random.random_range(-1.0..1.0)).collect();
    let entity = |text: String| Entity {
        text,
        kind: EntityKind::Person,
        span: Span { start: 0, end: 0 },
        score: 0.9,
    };
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
        vector: Embedding::normalized(vector),
        analysis: Analysis {
            entities: names.into_iter().map(entity).collect(),
            ..Analysis::default()
        },
        stored_at: Clock::fixed(0).now(),
    }
}

async fn filled(path: &std::path::Path, records: &[StoredArticle]) -> Store {
    let meter = Meters::new("bench").expect("a registry").meter();
    let store =
        Store::sqlite(path, Access::ReadWrite, &Config::default(), Clock::fixed(0), &meter).await;
    let store = store.expect("an empty folder");
    for batch in records.chunks(500) {
        store.articles().upsert(batch).await.expect("the disk has room");
    }
    store
}

fn searches(criterion: &mut Criterion) {
    let mut random = StdRng::seed_from_u64(1);
    let records: Vec<StoredArticle> =
        (0..ARTICLES).map(|number| record(number, &mut random)).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = Runtime::new().expect("a runtime");
    let store = runtime.block_on(filled(&folder.path().join("store.db"), &records));
    let mut group = criterion.benchmark_group("sqlite_20k_articles");
    group.sample_size(20);
    let vector = records[7].vector.clone();
    group.bench_function("nearest", |b| {
        b.iter(|| runtime.block_on(store.articles().nearest(black_box(&vector), 10, None)));
    });
    group.finish();
}

criterion_group!(benches, searches);
criterion_main!(benches);
