//! Searches by the codes of vectors in memory, in a file of long vectors.

use std::path::Path;
use std::sync::Arc;

use courant_article::Embedding;
use courant_store::{Access, Config, Neighbour, RowSet, Span, Store, StoredArticle};
use courant_telemetry::{Clock, Meters};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::house::{id, record, revised};

const DIMENSION: usize = 128;
const ARTICLES: usize = 1_200;
const TOPICS: usize = 30;

fn config() -> Config {
    Config { dimension: DIMENSION, ..Config::default() }
}

async fn open(path: &Path) -> Store {
    let meter = Meters::new("test").unwrap().meter();
    Store::sqlite(path, Access::ReadWrite, &config(), Clock::fixed(0), &meter).await.unwrap()
}

fn article(number: usize, vector: Embedding) -> StoredArticle {
    let name = number.to_string();
    StoredArticle { vector, ..record(&name, "T", &name, [0.0; 4]) }
}

/// Vectors about some topics.
fn vectors() -> Vec<Embedding> {
    let mut random = StdRng::seed_from_u64(5);
    let mut draw =
        || -> Vec<f32> { (0..DIMENSION).map(|_| random.random_range(-1.0_f32..1.0)).collect() };
    let topics: Vec<Vec<f32>> = (0..TOPICS).map(|_| draw()).collect();
    let near = |topic: &Vec<f32>, noise: Vec<f32>| {
        Embedding::normalized(topic.iter().zip(noise).map(|(a, b)| a + b).collect())
    };
    (0..ARTICLES).map(|number| near(&topics[number % TOPICS], draw())).collect()
}

async fn filled(path: &Path) -> (Store, Vec<Embedding>) {
    let (store, vectors) = (open(path).await, vectors());
    let records: Vec<_> = vectors.iter().cloned().enumerate().map(|(n, v)| article(n, v)).collect();
    store.articles().upsert(&records).await.unwrap();
    (store, vectors)
}

async fn nearest(store: &Store, query: &Embedding, among: Option<Arc<RowSet>>) -> Vec<Neighbour> {
    let near = store.articles().nearest(query, 10, among.clone()).await.unwrap();
    let numbers = store.articles().nearest_numbers(query, 10, Span::ALWAYS, among).await.unwrap();
    assert_eq!(numbers, near.iter().map(|near| (near.number, near.cosine)).collect::<Vec<_>>());
    near
}

/// The share of the true ten nearest that are found.
async fn recall(store: &Store, vectors: &[Embedding]) -> f64 {
    let mut hits = 0;
    let queries = || vectors.iter().step_by(31);
    for query in queries() {
        let mut exact: Vec<_> =
            vectors.iter().enumerate().map(|(n, vector)| (vector.cosine(query), n)).collect();
        exact.sort_by(|a, b| b.0.total_cmp(&a.0));
        let found = nearest(store, query, None).await;
        assert_eq!(found.len(), 10);
        assert!(found.is_sorted_by(|a, b| a.cosine >= b.cosine));
        assert!((found[0].cosine - exact[0].0).abs() < 1e-5);
        let is_found = |n: usize| found.iter().any(|near| near.id == id(&n.to_string()));
        hits += exact[..10].iter().filter(|(_, n)| is_found(*n)).count();
    }
    hits as f64 / (10 * queries().count()) as f64
}

#[tokio::test]
async fn the_nearest_are_found_after_each_commit_and_each_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let (store, vectors) = filled(&path).await;
    let before = recall(&store, &vectors).await;
    assert!(before >= 0.99, "{before}");
    store.close().await.unwrap();
    let file = rusqlite::Connection::open(&path).unwrap();
    let codes: i64 =
        file.query_row("SELECT sum(length(code)) FROM article_code", [], |row| row.get(0)).unwrap();
    assert_eq!(codes, (ARTICLES * DIMENSION / 8) as i64);
    let store = open(&path).await;
    assert!(recall(&store, &vectors).await >= 0.99);
    let query = "SELECT value FROM setting WHERE name = 'rerank_depth'";
    let depth: String = file.query_row(query, [], |row| row.get(0)).unwrap();
    assert!(depth.ends_with(" for 1200"), "{depth}");
}

#[tokio::test]
async fn a_filter_admits_only_its_articles_and_all_that_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (store, vectors) = filled(&folder.path().join("store.db")).await;
    let all = store.articles().nearest(&vectors[0], ARTICLES, None).await.unwrap();
    assert_eq!(all.len(), ARTICLES);
    for share in [3, 100, 200] {
        let among = |near: &Neighbour| near.number.is_multiple_of(share);
        let rows: RowSet = all.iter().filter(|near| among(near)).map(|near| near.number).collect();
        let found = nearest(&store, &vectors[0], Some(Arc::new(rows))).await;
        let expected: Vec<_> = all.iter().filter(|near| among(near)).take(10).copied().collect();
        assert_eq!(found, expected, "{share}");
    }
    assert!(nearest(&store, &vectors[0], Some(Arc::default())).await.is_empty());
}

#[tokio::test]
async fn a_revised_vector_is_followed_and_zeros_are_near_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let (store, vectors) = filled(&path).await;
    let moved = StoredArticle {
        vector: Embedding::normalized(vectors[3].as_slice().iter().map(|v| -v).collect()),
        ..revised(article(3, vectors[3].clone()), 2000, "3")
    };
    let emptied = StoredArticle {
        vector: Embedding::from_unit(vec![0.0; DIMENSION]),
        ..revised(article(4, vectors[4].clone()), 2000, "4")
    };
    store.articles().upsert(&[moved.clone(), emptied]).await.unwrap();
    store.close().await.unwrap();
    let store = open(&path).await;
    assert_eq!(nearest(&store, &moved.vector, None).await[0].id, id("3"));
    assert!(nearest(&store, &vectors[3], None).await.iter().all(|near| near.id != id("3")));
    let all = store.articles().nearest(&vectors[4], ARTICLES, None).await.unwrap();
    assert!(all.len() == ARTICLES - 1 && all.iter().all(|near| near.id != id("4")));
    assert!(Store::check_sqlite(&path, &config()).await.unwrap().problems.is_empty());
}

#[tokio::test]
async fn wrong_codes_are_named_and_made_anew_by_a_repair() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let (store, vectors) = filled(&path).await;
    store.close().await.unwrap();
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute_batch(
        "DELETE FROM article_code WHERE number = 5;
         UPDATE article_code SET code = zeroblob(16) WHERE number = 6;
         INSERT INTO article_code VALUES (9999, zeroblob(16));",
    )
    .unwrap();
    drop(file);
    let found = Store::check_sqlite(&path, &config()).await.unwrap();
    assert!(found.problems.iter().any(|found| found.contains("3 vectors")), "{found:?}");
    Store::repair_sqlite(&path, &config()).await.unwrap();
    assert!(Store::check_sqlite(&path, &config()).await.unwrap().problems.is_empty());
    assert!(recall(&open(&path).await, &vectors).await >= 0.99);
}

#[tokio::test]
async fn codes_of_other_rules_are_made_anew_when_the_store_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let (store, vectors) = filled(&path).await;
    store.close().await.unwrap();
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute_batch(
        "UPDATE setting SET value = 'older' WHERE name = 'codes';
         UPDATE article_code SET code = x'00';",
    )
    .unwrap();
    drop(file);
    assert!(recall(&open(&path).await, &vectors).await >= 0.99);
}

#[tokio::test]
async fn an_article_that_is_deleted_takes_its_vector_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let (store, _) = filled(&path).await;
    store.close().await.unwrap();
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute("DELETE FROM article WHERE number = 7", []).unwrap();
    for table in ["article_vector", "article_code"] {
        let query = format!("SELECT count(*) FROM {table} WHERE number = 7");
        let rows: i64 = file.query_row(&query, [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 0, "{table}");
    }
}
