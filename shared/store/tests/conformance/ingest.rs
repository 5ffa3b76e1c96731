//! The speed of writes to Postgres, three ways in one run: one row per transaction, columns as
//! arrays (`unnest`), and COPY in binary form to a temporary table. All insert into the table
//! `article` in batches of the size that storage commits.
//!
//! `cargo nextest run -p courant-store --run-ignored only --no-capture ingest`

use std::pin::pin;
use std::time::{Duration, Instant};

use courant_article::{Embedding, Entity, EntityKind, IPTC_TOPICS, Span, Text, Topic};
use courant_config::Secret;
use courant_store::{Config, Store, StoredArticle};
use courant_telemetry::{Clock, Meters};
use pgvector::HalfVector;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, NoTls};

use crate::house::{config, id, record};
use crate::postgres::Postgres;

const DIMENSION: usize = 384;
const ARTICLES: usize = 1_280;
const BATCH: usize = 64;
/// Rows of which each has a transaction of its own.
const ALONE: usize = 320;

/// The columns and their types as parameters. The last two need a cast to `json`.
const COLUMNS: [(&str, &str); 17] = [
    ("id", "bytea"),
    ("content_hash", "bytea"),
    ("revision", "bigint"),
    ("stored_at_ms", "bigint"),
    ("first_observed_ms", "bigint"),
    ("truncated", "boolean"),
    ("vector", "halfvec"),
    ("url", "text"),
    ("title", "text"),
    ("language", "text"),
    ("body", "text"),
    ("source", "text"),
    ("submission_id", "text"),
    ("decision", "text"),
    ("authors", "text"),
    ("model", "text"),
    ("analysis", "text"),
];

#[derive(Clone, Debug)]
enum Value {
    Bytes(Vec<u8>),
    Number(i64),
    Flag(bool),
    Text(String),
    Vector(HalfVector),
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Bytes(value) => value.to_sql(ty, out),
            Self::Number(value) => value.to_sql(ty, out),
            Self::Flag(value) => value.to_sql(ty, out),
            Self::Text(value) => value.to_sql(ty, out),
            Self::Vector(value) => value.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// An article of some 3 kB with 12 names and a score for each topic.
fn article(number: usize, random: &mut StdRng) -> StoredArticle {
    let words: Vec<String> =
        (0..450).map(|_| format!("word{}", random.random_range(0..20_000))).collect();
    let mut made = record(&number.to_string(), "A title of a few words", "", [1.0, 0.0, 0.0, 0.0]);
    made.article.text = Text::new(words.join(" "));
    made.vector =
        Embedding::normalized((0..DIMENSION).map(|_| random.random_range(-1.0..1.0)).collect());
    made.analysis.topics = IPTC_TOPICS
        .iter()
        .map(|topic| Topic { code: topic.code.into(), label: topic.label.into(), score: 0.06 })
        .collect();
    made.analysis.entities = (0..12)
        .map(|name| Entity {
            text: format!("Name {}", random.random_range(0..5_000)),
            kind: EntityKind::Person,
            span: Span { start: name, end: name + 1 },
            score: 0.9,
        })
        .collect();
    made
}

fn row(record: &StoredArticle) -> Vec<Value> {
    let article = &record.article;
    let text = |value: &str| Value::Text(value.into());
    let json = |value: serde_json::Result<String>| Value::Text(value.unwrap());
    vec![
        Value::Bytes(article.id.as_bytes().to_vec()),
        Value::Bytes(article.content_hash.as_bytes().to_vec()),
        Value::Number(article.revision.0),
        Value::Number(record.stored_at.as_millisecond()),
        Value::Number(article.revision.0),
        Value::Flag(false),
        Value::Vector(HalfVector::from_f32_slice(record.vector.as_slice())),
        text(&article.url),
        text(&article.title),
        text("en"),
        text(article.text.as_str()),
        text(&article.source),
        text(&article.submission_id),
        text(article.decision.as_str()),
        json(serde_json::to_string(&article.authors)),
        json(serde_json::to_string(&record.model)),
        json(serde_json::to_string(&record.analysis)),
    ]
}

fn names() -> String {
    COLUMNS.map(|(name, _)| name).join(", ")
}

/// The statement that inserts the rows of `from`.
fn insert(from: &str) -> String {
    let selected = COLUMNS.map(|(name, _)| match name {
        "authors" | "model" | "analysis" => format!("{name}::json"),
        _ => name.to_owned(),
    });
    let updates = COLUMNS.map(|(name, _)| format!("{name} = excluded.{name}"));
    format!(
        "INSERT INTO article ({}) SELECT {} FROM {from} ON CONFLICT (id) DO UPDATE SET {}
         WHERE excluded.revision > article.revision RETURNING id, xmax = 0",
        names(),
        selected.join(", "),
        updates.join(", "),
    )
}

/// A batch as one array per column.
async fn unnest(client: &mut Client, rows: &[Vec<Value>]) {
    let arrays = COLUMNS.iter().zip(1..).map(|((_, ty), n)| format!("${n}::{ty}[]"));
    let arrays = arrays.collect::<Vec<_>>().join(", ");
    let transaction = client.transaction().await.unwrap();
    let from = format!("unnest({arrays}) AS row ({})", names());
    let statement = transaction.prepare(&insert(&from)).await.unwrap();
    let columns: Vec<Vec<Value>> =
        (0..COLUMNS.len()).map(|n| rows.iter().map(|row| row[n].clone()).collect()).collect();
    let columns: Vec<&(dyn ToSql + Sync)> = columns.iter().map(|column| column as _).collect();
    let written = transaction.query(&statement, &columns).await.unwrap();
    assert_eq!(written.len(), rows.len());
    transaction.commit().await.unwrap();
}

/// A batch by COPY in binary form. The table stays for the connection's life, and is empty
/// after each commit.
async fn copy(client: &mut Client, rows: &[Vec<Value>]) {
    let columns = COLUMNS.map(|(name, ty)| format!("{name} {ty}")).join(", ");
    let transaction = client.transaction().await.unwrap();
    let staging = format!(
        "SET LOCAL client_min_messages = warning;
         CREATE TEMP TABLE IF NOT EXISTS batch ({columns}) ON COMMIT DELETE ROWS"
    );
    transaction.batch_execute(&staging).await.unwrap();
    let start = format!("COPY batch ({}) FROM STDIN BINARY", names());
    let sink = transaction.copy_in(&start).await.unwrap();
    // Only the server looks at the names of the types.
    let types = COLUMNS.map(|(_, ty)| match ty {
        "bytea" => Type::BYTEA,
        "bigint" => Type::INT8,
        "boolean" => Type::BOOL,
        _ => Type::TEXT,
    });
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
    for row in rows {
        let row: Vec<&(dyn ToSql + Sync)> = row.iter().map(|value| value as _).collect();
        writer.as_mut().write(&row).await.unwrap();
    }
    writer.finish().await.unwrap();
    let written = transaction.query(&insert("batch"), &[]).await.unwrap();
    assert_eq!(written.len(), rows.len());
    transaction.commit().await.unwrap();
}

/// A fresh database with the tables of a store.
struct Ground {
    _server: Postgres,
    store: Store,
    client: Client,
}

impl Ground {
    async fn new(has_vector_index: bool) -> Self {
        let server = Postgres::start().unwrap();
        let url = Some(Secret::new(server.url()));
        let config = Config { url, dimension: DIMENSION, ..config() };
        let meter = Meters::new("test").unwrap().meter();
        let store = Store::postgres(&config, Clock::fixed(0), &meter).await.unwrap();
        let (client, connection) = tokio_postgres::connect(&server.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        if !has_vector_index {
            client.batch_execute("DROP INDEX article_vector").await.unwrap();
        }
        Self { _server: server, store, client }
    }
}

/// Articles per second.
fn rate(articles: usize, took: Duration) -> f64 {
    articles as f64 / took.as_secs_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, and prints ratios"]
async fn ingest_of_whole_articles_three_ways() {
    let mut random = StdRng::seed_from_u64(1);
    let records: Vec<_> = (0..ARTICLES).map(|number| article(number, &mut random)).collect();
    let rows: Vec<_> = records.iter().map(row).collect();
    for has_vector_index in [true, false] {
        let mut alone = Ground::new(has_vector_index).await;
        let mut arrays = Ground::new(has_vector_index).await;
        let mut copied = Ground::new(has_vector_index).await;
        let stored = Ground::new(has_vector_index).await;
        let mut took = [Duration::ZERO; 4];
        // In turns, so that a busy machine is busy for all of them.
        for (turn, (rows, records)) in rows.chunks(BATCH).zip(records.chunks(BATCH)).enumerate() {
            for row in rows.iter().take(ALONE * BATCH / ARTICLES) {
                let start = Instant::now();
                unnest(&mut alone.client, std::slice::from_ref(row)).await;
                took[0] += start.elapsed();
            }
            let mut ways = [1, 2, 3];
            ways.rotate_left(turn % 3);
            for way in ways {
                let start = Instant::now();
                match way {
                    1 => unnest(&mut arrays.client, rows).await,
                    2 => copy(&mut copied.client, rows).await,
                    _ => drop(stored.store.articles().upsert(records).await.unwrap()),
                }
                took[way] += start.elapsed();
            }
        }
        let single = rate(ALONE, took[0]);
        eprintln!("vector index: {has_vector_index}; one row per transaction {single:.0}/s");
        for (name, took) in ["unnest", "COPY", "Articles::upsert"].iter().zip(&took[1..]) {
            let rate = rate(ARTICLES, *took);
            eprintln!("{name}: {rate:.0} articles/s, {:.1} times as fast", rate / single);
        }
        assert!(stored.store.articles().get(id("0")).await.unwrap().is_some());
    }
}
