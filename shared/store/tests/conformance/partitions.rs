//! The partitions of Postgres: any article finds one, and their upkeep loses none.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use courant_article::{Embedding, Revision};
use courant_config::Secret;
use courant_store::{Config, Span, Store, StoredArticle, UpkeepStep};
use courant_telemetry::{Clock, Meters};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio_postgres::{Client, NoTls};

use crate::house::{DIMENSION, House, config, id, record, revised};
use crate::postgres::Postgres;

/// 2026-11-15.
const NOW: i64 = 1_794_700_800_000;
const DAY: i64 = 86_400_000;

fn observed(name: &str, ms: i64, vector: [f32; DIMENSION]) -> StoredArticle {
    let mut made = record(name, "Title", name, vector);
    made.article.revision = Revision(ms);
    made
}

async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn partitions(client: &Client, table: &str) -> Vec<String> {
    let query = "SELECT inhrelid::regclass::text FROM pg_inherits
                 WHERE inhparent = to_regclass($1::text) ORDER BY 1";
    let rows = client.query(query, &[&table]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Does all steps, and returns them.
async fn kept(store: &Store) -> Vec<UpkeepStep> {
    let mut steps = Vec::new();
    while let Some(step) = store.articles().upkeep().await.unwrap().unwrap().step {
        steps.push(step);
        assert!(steps.len() < 100, "{steps:?}");
    }
    steps
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_article_of_any_time_finds_a_partition() {
    let house = House::postgres().await;
    let times = [i64::MIN, -1, 0, NOW, NOW + 40 * DAY, 7_258_118_400_000, i64::MAX];
    let records: Vec<_> = times
        .iter()
        .enumerate()
        .map(|(n, ms)| observed(&n.to_string(), *ms, [1.0, n as f32, 0.0, 0.0]))
        .collect();
    house.put(&records).await;
    for record in &records {
        let stored = house.store.articles().get(record.article.id).await.unwrap().unwrap();
        assert_eq!(stored.article, record.article);
    }
    assert_eq!(house.store.counts().await.unwrap().articles, 7);
    let listed = house.store.articles().list(None, 100).await.unwrap();
    assert!(listed.len() == 7 && listed.is_sorted_by_key(|article| article.id));
    let near = Embedding::normalized(vec![1.0, 0.0, 0.0, 0.0]);
    assert_eq!(house.store.articles().nearest(&near, 9, None).await.unwrap().len(), 7);
    kept(&house.store).await;
    assert_eq!(house.store.articles().nearest(&near, 9, None).await.unwrap().len(), 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_article_s_id_is_stored_once_whenever_it_is_observed() {
    let house = House::postgres().await;
    let first = observed("a", NOW, [1.0, 0.0, 0.0, 0.0]);
    house.put(std::slice::from_ref(&first)).await;
    let later = revised(first.clone(), NOW + 60 * DAY, "later");
    let writers: Vec<_> = (0..4)
        .map(|n| {
            let (store, mut one) = (house.store.clone(), later.clone());
            one.article.revision = Revision(NOW + (60 + n) * DAY);
            tokio::spawn(async move { store.articles().upsert(&[one]).await.unwrap() })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(house.store.counts().await.unwrap().articles, 1);
    let stored = house.store.articles().get(id("a")).await.unwrap().unwrap();
    assert_eq!(stored.article.revision, Revision(NOW + 63 * DAY));
    let changes = house.store.articles().changes(0, 10).await.unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].article.as_ref().unwrap().first_observed_ms, NOW);
}

/// Writers revise and delete articles of all months while these are merged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn merging_under_load_loses_nothing_and_leaves_twelve() {
    let mut house = House::postgres().await;
    let url = house.server().url();
    let config = Config { url: Some(Secret::new(url.clone())), ..config() };
    let meter = house.meters.meter();
    let store = Store::postgres(&config, Clock::fixed(NOW), &meter).await.unwrap();
    let month = 30 * DAY + DAY / 2;
    let records: Vec<_> = (0..200_i64)
        .map(|n| observed(&n.to_string(), NOW - (n % 20) * month, [1.0, n as f32 / 90.0, 0.0, 0.0]))
        .collect();
    store.articles().upsert(&records).await.unwrap();
    let sql = client(&url).await;
    assert_eq!(partitions(&sql, "article").await.len(), 20);

    let stop = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (store, stop, records) = (store.clone(), Arc::clone(&stop), records.clone());
        async move {
            let mut random = StdRng::seed_from_u64(7);
            let mut written = vec![0_i64; records.len()];
            while !stop.load(Ordering::Relaxed) {
                let n = random.random_range(0..100_usize);
                written[n] += 1;
                let revision = records[n].article.revision.0 + written[n];
                let one = revised(records[n].clone(), revision, &format!("{n} {revision}"));
                store.articles().upsert(&[one]).await.unwrap();
            }
            written
        }
    });
    let deleter = tokio::spawn({
        let (url, records) = (url.clone(), records.clone());
        async move {
            let sql = client(&url).await;
            for record in &records[150..] {
                let id = record.article.id.as_bytes().to_vec();
                sql.execute("DELETE FROM article WHERE id = $1", &[&id]).await.unwrap();
                tokio::task::yield_now().await;
            }
        }
    });
    let steps = kept(&store).await;
    deleter.await.unwrap();
    stop.store(true, Ordering::Relaxed);
    let written = writer.await.unwrap();
    assert!(written.iter().sum::<i64>() > 0);
    assert!(steps.iter().any(|step| matches!(step, UpkeepStep::Merged { .. })), "{steps:?}");

    for table in ["article", "embedding_all_minilm_l6_v2"] {
        let found = partitions(&sql, table).await;
        assert!(found.len() <= 12, "{found:?}");
        assert!(found.contains(&format!("{table}_2025")), "{found:?}");
    }
    for (n, record) in records.iter().enumerate().take(150) {
        let stored = store.articles().get(record.article.id).await.unwrap().unwrap();
        assert_eq!(stored.article.revision.0, record.article.revision.0 + written[n], "{n}");
    }
    assert_eq!(store.counts().await.unwrap().articles, 150);
    let near = Embedding::normalized(vec![1.0, 0.0, 0.0, 0.0]);
    let near = store.articles().nearest(&near, 500, None).await.unwrap();
    let ids: BTreeSet<_> = near.iter().map(|near| near.id).collect();
    assert_eq!((near.len(), ids.len()), (150, 150));
    let changes = store.articles().changes(0, 1_000).await.unwrap();
    assert_eq!(changes.iter().filter(|change| change.article.is_some()).count(), 150);
}

const LONG: usize = 64;
const ARTICLES: usize = 6_000;

/// Vectors about some topics, over three months.
async fn filled() -> (Postgres, Store, Vec<StoredArticle>) {
    let server = Postgres::start().unwrap();
    let url = Some(Secret::new(server.url()));
    let config = Config { url, dimension: LONG, hot_articles: 2_500, ..config() };
    let meter = Meters::new("test").unwrap().meter();
    let store = Store::postgres(&config, Clock::fixed(NOW), &meter).await.unwrap();
    let mut random = StdRng::seed_from_u64(5);
    let mut draw =
        || -> Vec<f32> { (0..LONG).map(|_| random.random_range(-1.0_f32..1.0)).collect() };
    let topics: Vec<Vec<f32>> = (0..40).map(|_| draw()).collect();
    let records: Vec<_> = (0..ARTICLES)
        .map(|n| {
            let values = topics[n % 40].iter().zip(draw()).map(|(a, b)| a + 0.7 * b).collect();
            let mut made = observed(
                &n.to_string(),
                NOW - (n % 3) as i64 * 31 * DAY + n as i64,
                [1.0, 0.0, 0.0, 0.0],
            );
            made.vector = Embedding::normalized(values);
            made
        })
        .collect();
    for batch in records.chunks(500) {
        store.articles().upsert(batch).await.unwrap();
    }
    (server, store, records)
}

/// The share of the true ten nearest in `span` that are found.
async fn recall(store: &Store, records: &[StoredArticle], span: Span) -> f64 {
    let within: Vec<&StoredArticle> =
        records.iter().filter(|record| span.contains(record.article.revision.0)).collect();
    let (mut hits, mut wanted) = (0, 0);
    for query in records.iter().step_by(97).map(|record| &record.vector) {
        let mut exact: Vec<_> =
            within.iter().map(|record| (record.vector.cosine(query), record.article.id)).collect();
        exact.sort_by(|a, b| b.0.total_cmp(&a.0));
        let found = store.articles().nearest_observed(query, 10, span, None).await.unwrap();
        assert_eq!(found.len(), 10);
        hits +=
            exact[..10].iter().filter(|best| found.iter().any(|near| near.id == best.1)).count();
        wanted += 10;
    }
    f64::from(hits as u32) / f64::from(wanted)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn past_partitions_are_indexed_and_the_present_is_cut() {
    let (server, store, mut records) = filled().await;
    let exact = recall(&store, &records, Span::ALWAYS).await;
    assert!(exact >= 0.995, "{exact}");
    let steps = kept(&store).await;
    let indexed = steps.iter().filter(|step| matches!(step, UpkeepStep::Indexed(_))).count();
    assert_eq!(indexed, 2, "{steps:?}");
    let hot = Span::month_of(NOW);
    assert!(!steps.iter().any(|step| matches!(step, UpkeepStep::Cut(_))), "{steps:?}");

    let more: Vec<_> = (0..600)
        .map(|n| StoredArticle {
            vector: records[n].vector.clone(),
            ..observed(&format!("more {n}"), NOW - 1_000 + n as i64, [1.0, 0.0, 0.0, 0.0])
        })
        .collect();
    store.articles().upsert(&more).await.unwrap();
    records.extend(more);
    let steps = kept(&store).await;
    assert!(steps.contains(&UpkeepStep::Cut(hot)), "{steps:?}");
    let sql = client(&server.url()).await;
    let relation = "embedding_all_minilm_l6_v2";
    assert_eq!(partitions(&sql, relation).await.len(), 4);

    let all = recall(&store, &records, Span::ALWAYS).await;
    let month = recall(&store, &records, Span::month_of(NOW - 40 * DAY)).await;
    assert!(all >= 0.98 && month >= 0.98, "{all} {month}");
    let last_month = Span::month_of(NOW - 20 * DAY);
    let plan = format!(
        "EXPLAIN SELECT id FROM {relation} WHERE {} ORDER BY vector <=> $1 LIMIT 10",
        last_month.condition("first_observed_ms"),
    );
    let vector = pgvector::HalfVector::from_f32_slice(records[0].vector.as_slice());
    let rows = sql.query(&plan, &[&vector]).await.unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert!(lines.iter().any(|line| line.contains("Index Scan using")), "{lines:#?}");
    assert_eq!(
        lines.iter().filter(|line| line.contains(" on embedding_")).count(),
        1,
        "{lines:#?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_does_the_upkeep_at_a_time() {
    let (_server, store, records) = filled().await;
    let articles = store.articles();
    let (first, second) = tokio::join!(articles.upkeep(), articles.upkeep());
    let steps = [first, second].map(|upkeep| upkeep.unwrap().unwrap().step);
    assert!(steps.iter().any(Option::is_some), "{steps:?}");
    kept(&store).await;
    assert!(recall(&store, &records, Span::ALWAYS).await >= 0.98);
}
