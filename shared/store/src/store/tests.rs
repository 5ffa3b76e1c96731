//! A full disk, as SQLite itself reports it.

use courant_article::{ArticleId, ContentHash, Decision, Revision};
use courant_dedup::Claim;
use rusqlite::Connection;

use super::*;
use crate::crawl::record::Visit;

async fn open(path: &Path) -> Store {
    let meter = courant_telemetry::Meters::new("test").unwrap().meter();
    let (clock, config) = (Clock::fixed(0), Config::default());
    Store::sqlite(path, Access::ReadWrite, &config, clock, &meter).await.unwrap()
}

async fn set_pages(store: &Store, most: Option<u32>) {
    let work = move |connection: &Connection| {
        let most = most.map_or("4294967294".to_owned(), |pages| pages.to_string());
        connection.execute_batch(&format!("PRAGMA max_page_count = {most}"))?;
        Ok(())
    };
    let Backend::Sqlite(file) = &store.database.backend else { panic!("a store in a file") };
    file.write(work).await.unwrap();
}

fn visit(number: usize) -> Visit {
    Visit { url: format!("https://a.com/{number}/{}", "x".repeat(2000)), ..Visit::default() }
}

fn claim(number: u8) -> Claim {
    Claim {
        id: ArticleId::from_bytes([number; 16]),
        content_hash: ContentHash::from_bytes([number; 16]),
        observed: Revision(1),
        site: "a.com".into(),
        sketch: None,
        near: Vec::new(),
    }
}

#[tokio::test]
async fn a_full_disk_is_an_error_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = open(&path).await;
    store.crawl().record_visits(&[], &[visit(0)]).await.unwrap();
    set_pages(&store, Some(1)).await;
    let visits: Vec<_> = (1..100).map(visit).collect();
    let error = store.crawl().record_visits(&[], &visits).await.unwrap_err();
    assert!(matches!(error, Error::DiskFull) && error.is_transient(), "{error}");
    assert_eq!(store.counts().await.unwrap().visits, 1, "all or nothing");
    set_pages(&store, None).await;
    store.crawl().record_visits(&[], &visits).await.unwrap();
    drop(store);
    assert_eq!(open(&path).await.counts().await.unwrap().visits, 100);
}

/// Jobs of one commit: the failure of one must not touch the others, whether
/// or not SQLite rolled their common transaction back.
#[tokio::test]
async fn what_is_acknowledged_beside_a_failure_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = open(&path).await;
    set_pages(&store, Some(30)).await;
    let large: Vec<_> = (0..200).map(visit).collect();
    let fails = |n: u8| n % 3 == 1;
    let jobs: Vec<_> = (0..60)
        .map(|n| {
            let (store, large) = (store.clone(), large.clone());
            tokio::spawn(async move {
                if fails(n) {
                    store.crawl().record_visits(&[], &large).await.map(|()| None)
                } else {
                    store
                        .claims()
                        .judge(&claim(n))
                        .await
                        .map(|ruling| Some((n, ruling.verdict.decision)))
                }
            })
        })
        .collect();
    let mut acknowledged = Vec::new();
    for job in jobs {
        if let Ok(Some((n, decision))) = job.await.unwrap() {
            assert_eq!(decision, Decision::New);
            acknowledged.push(claim(n).id);
        }
    }
    let known = store.claims().known(&acknowledged).await.unwrap();
    assert!(known.iter().all(|known| *known));
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.visits, counts.fingerprints), (0, acknowledged.len() as u64));
    assert!(!acknowledged.is_empty());
}
