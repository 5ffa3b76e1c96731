//! Tests with a store that is away while the crawler is told to stop.

use std::time::Duration;

use courant_config::Secret;
use courant_store::Store;
use courant_telemetry::{Clock, Meters};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::postgres::Postgres;
use crate::memory::{Memory, Remembered};
use crate::outcome::Ended;

/// Far longer than any test waits.
const PATIENCE: Duration = Duration::from_secs(3_600);
const DEADLINE: Duration = Duration::from_secs(20);
const LEASE: Duration = Duration::from_secs(600);

async fn store(server: &Postgres) -> Store {
    let url = Some(Secret::new(server.url()));
    let config = courant_store::Config { url, ..Default::default() };
    let meter = Meters::new("test").unwrap().meter();
    Store::postgres(&config, Clock::fixed(0), &meter).await.unwrap()
}

fn page() -> Url {
    "https://a.example/1".parse().unwrap()
}

#[tokio::test]
async fn a_stop_ends_the_wait_for_a_store_that_does_not_answer() {
    let server = Postgres::start().unwrap();
    let stop = CancellationToken::new();
    let (memory, _writer) =
        Memory::new(store(&server).await.crawl(), PATIENCE, Clock::fixed(0), stop.clone());
    server.signal("STOP").unwrap();
    let url = page();
    let (recalled, ()) = tokio::join!(memory.recall(&url), async { stop.cancel() });
    assert_eq!(recalled, Err(Ended::Interrupted));
    server.signal("CONT").unwrap();
}

#[tokio::test]
async fn visits_that_a_stop_finds_unwritten_are_tried_once_more_and_given_up() {
    let mut server = Postgres::start().unwrap();
    let stop = CancellationToken::new();
    let store = store(&server).await;
    let (memory, writer) = Memory::new(store.crawl(), PATIENCE, Clock::fixed(0), stop.clone());
    let taken = store.crawl().take_lease("a.example", "test", LEASE).await.unwrap().unwrap();
    memory.fences.put(taken.lease.clone());
    server.kill().unwrap();
    memory.remember(&page(), Remembered::default()).await;
    drop(memory);
    stop.cancel();
    tokio::time::timeout(DEADLINE, writer).await.expect("the writer gives up").unwrap();

    server.restart().unwrap();
    let (memory, writer) = Memory::new(store.crawl(), PATIENCE, Clock::fixed(0), stop);
    memory.fences.put(taken.lease);
    let visit = Remembered { visited_at_ms: 7, ..Remembered::default() };
    memory.remember(&page(), visit).await;
    drop(memory);
    tokio::time::timeout(DEADLINE, writer).await.expect("the writer ends").unwrap();
    let written = store.crawl().visit(page().as_str()).await.unwrap();
    assert_eq!(written.map(|visit| visit.fetched_at_ms), Some(7), "a stop leaves one try");
}
