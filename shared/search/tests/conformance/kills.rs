//! Postgres dies under load, again and again, while its partitions are cut, merged and indexed.
//! Everything that was acknowledged is stored once, in its last version, and is found.
//!
//! `COURANT_KILLS` and `COURANT_SEED` play a longer or another history.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use courant_article::{ArticleId, Embedding, Revision};
use courant_config::Secret;
use courant_query::Query;
use courant_search::{CountRequest, Search};
use courant_store::{Config, Error, Store, StoredArticle};
use courant_telemetry::{Clock, Meters};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::task::JoinSet;

use crate::archive::record;
use crate::house::{config, revised};
use crate::postgres::Postgres;

/// 2026-11-15.
const NOW: i64 = 1_794_700_800_000;
const MONTH: i64 = 30 * 86_400_000;
const WRITERS: u64 = 4;

/// The last acknowledged revision of each article.
type Acknowledged = BTreeMap<ArticleId, i64>;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// A new article of some month, or a new version of an earlier one.
fn written(random: &mut StdRng, writer: u64, own: &[StoredArticle]) -> StoredArticle {
    if !own.is_empty() && random.random_bool(0.3) {
        let earlier = &own[random.random_range(0..own.len())];
        let revision = earlier.article.revision.0 + 1;
        let text = format!("{} {revision} {}", earlier.article.url, random.random::<u32>());
        return revised(earlier.clone(), revision, &text);
    }
    let name = format!("{writer}-{}", own.len());
    let vector = [1.0, random.random_range(-1.0..1.0), random.random_range(-1.0..1.0), 0.5];
    let mut made = record(&name, "Title", &format!("ferry {name}"), vector);
    made.article.revision = Revision(NOW - random.random_range(0..18) * MONTH);
    made
}

/// Writes until `stop`. A batch that failed is sent again, as the bus would.
async fn write(store: Store, writer: u64, seed: u64, stop: Arc<AtomicBool>) -> Acknowledged {
    let mut random = StdRng::seed_from_u64(seed * 100 + writer);
    let (mut own, mut acknowledged): (Vec<StoredArticle>, _) = (Vec::new(), Acknowledged::new());
    while !stop.load(Ordering::Relaxed) {
        let batch: Vec<_> = (0..random.random_range(1..6))
            .map(|_| {
                let made = written(&mut random, writer, &own);
                match own.iter_mut().find(|known| known.article.id == made.article.id) {
                    Some(known) => *known = made.clone(),
                    None => own.push(made.clone()),
                }
                made
            })
            .collect();
        while let Err(error) = store.articles().upsert(&batch).await {
            assert!(error.is_transient() && !error.is_permanent(), "{error:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        for record in batch {
            acknowledged.insert(record.article.id, record.article.revision.0);
        }
    }
    acknowledged
}

/// Does the upkeep until `stop`. A step that was broken off is tried again.
async fn keep(store: Store, stop: Arc<AtomicBool>) -> usize {
    let mut steps = 0;
    while !stop.load(Ordering::Relaxed) {
        match store.articles().upkeep().await {
            Ok(Some(upkeep)) if upkeep.step.is_some() => steps += 1,
            _ => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    steps
}

async fn answers(store: &Store) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while let Err(error) = store.ping().await {
        assert!(Instant::now() < deadline, "{error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_articles_outlive_kills_of_postgres_and_are_found_once() {
    let mut server = Postgres::start().unwrap();
    let config = Config { url: Some(Secret::new(server.url())), ..config() };
    let meter = Meters::new("test").unwrap().meter();
    let store = Store::postgres(&config, Clock::fixed(NOW), &meter).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let search = Search::keep(store.clone(), folder.path()).await.unwrap();

    let (seed, stop) = (number("COURANT_SEED", 1), Arc::new(AtomicBool::new(false)));
    let mut writers: JoinSet<Acknowledged> =
        (0..WRITERS).map(|n| write(store.clone(), n, seed, Arc::clone(&stop))).collect();
    let upkeep = tokio::spawn(keep(store.clone(), Arc::clone(&stop)));
    let mut random = StdRng::seed_from_u64(seed);
    for _ in 0..number("COURANT_KILLS", 5) {
        tokio::time::sleep(Duration::from_millis(random.random_range(100..800))).await;
        server.kill().unwrap();
        let error = store.counts().await.unwrap_err();
        assert!(matches!(&error, Error::Unreachable { .. }), "{error:?}");
        assert!(!error.to_string().contains("the pool"), "{error}");
        // The index looks while the server is away, and goes on where it was.
        assert!(search.catch_up().await.is_err());
        server.restart().unwrap();
        answers(&store).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    stop.store(true, Ordering::Relaxed);
    let mut acknowledged = Acknowledged::new();
    while let Some(written) = writers.join_next().await {
        acknowledged.extend(written.unwrap());
    }
    let steps = upkeep.await.unwrap();

    for (id, revision) in &acknowledged {
        let stored = store.articles().get(*id).await.unwrap().unwrap();
        assert_eq!(stored.article.revision, Revision(*revision));
    }
    // A batch that was not acknowledged was sent again: nothing else is there.
    let stored = store.articles().list(None, 1_000_000).await.unwrap();
    assert_eq!(stored.len(), acknowledged.len(), "no article is stored twice");
    search.catch_up().await.unwrap();
    let request = CountRequest { facets: Vec::new(), values: 1, interval: None, by: None };
    let found = search.count(&Query::everything(), &request).await.unwrap();
    assert_eq!(found.total, acknowledged.len() as u64, "stored is found");
    let vector = Embedding::normalized(vec![1.0, 0.0, 0.0, 0.5]);
    let near = store.articles().nearest(&vector, 10_000, None).await.unwrap();
    let expected = acknowledged.len().min(10_000);
    assert_eq!(near.len(), expected, "stored is found by its vector");
    eprintln!("{} articles, {steps} steps of upkeep", acknowledged.len());
}
