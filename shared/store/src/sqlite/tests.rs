//! A full disk, as SQLite itself reports it.

use courant_article::{ArticleId, ContentHash, Decision, Revision};
use courant_telemetry::Clock;
use courant_vectors::on_cpu;

use super::*;
use crate::Visit;

fn open(path: &Path) -> Result<Sqlite, Error> {
    Sqlite::open(path, Access::ReadWrite, &Config::default(), Clock::fixed(0), on_cpu())
}

async fn set_pages(store: &Sqlite, most: Option<u32>) {
    let work = move |connection: &Connection| {
        let most = most.map_or("4294967294".to_owned(), |pages| pages.to_string());
        connection.execute_batch(&format!("PRAGMA max_page_count = {most}"))?;
        Ok(())
    };
    store.writer().unwrap().run(work, |()| ()).await.unwrap();
}

fn visit(number: usize) -> Visit {
    Visit { url: format!("https://a.com/{number}/{}", "x".repeat(2000)), ..Visit::default() }
}

fn claim(number: u8) -> Claim {
    Claim {
        id: ArticleId::from_bytes([number; 16]),
        content_hash: ContentHash::from_bytes([number; 16]),
        revision: Revision(1),
        site: "a.com".into(),
        sketch: None,
        near: None,
    }
}

#[tokio::test]
async fn a_full_disk_is_an_error_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let open = || open(&path);
    let store = Arc::new(open().unwrap());
    store.record_visits(&[visit(0)]).await.unwrap();
    set_pages(&store, Some(1)).await;
    let visits: Vec<_> = (1..100).map(visit).collect();
    let error = store.record_visits(&visits).await.unwrap_err();
    assert!(matches!(error, Error::DiskFull) && error.is_transient(), "{error}");
    assert_eq!(store.counts().await.unwrap().visits, 1, "all or nothing");
    set_pages(&store, None).await;
    store.record_visits(&visits).await.unwrap();
    drop(store);
    assert_eq!(Arc::new(open().unwrap()).counts().await.unwrap().visits, 100);
}

/// Jobs of one commit: the failure of one must not touch the others, whether
/// or not SQLite rolled their common transaction back.
#[tokio::test]
async fn what_is_acknowledged_beside_a_failure_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = Arc::new(open(&path).unwrap());
    set_pages(&store, Some(30)).await;
    let large: Vec<_> = (0..200).map(visit).collect();
    let fails = |n: u8| n % 3 == 1;
    let jobs: Vec<_> = (0..60)
        .map(|n| {
            let (store, large) = (Arc::clone(&store), large.clone());
            tokio::spawn(async move {
                if fails(n) {
                    store.record_visits(&large).await.map(|()| None)
                } else {
                    store.claim(&claim(n)).await.map(|verdict| Some((n, verdict.decision)))
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
    let known = store.known(&acknowledged).await.unwrap();
    assert!(known.iter().all(|known| *known));
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.visits, counts.fingerprints), (0, acknowledged.len() as u64));
    assert!(!acknowledged.is_empty());
}
