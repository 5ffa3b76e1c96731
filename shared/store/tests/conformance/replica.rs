//! A read replica beside the server.

use std::time::{Duration, Instant};

use courant_article::Embedding;
use courant_config::Secret;
use courant_store::{Config, Error, Store};
use courant_telemetry::{Clock, Meters};

use crate::house::{House, config, id, record};

const X: [f32; 4] = [1.0, 0.0, 0.0, 0.0];

/// Waits until the replica has the article.
async fn followed(store: &Store, name: &str) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !matches!(store.articles().get(id(name)).await, Ok(Some(_))) {
        assert!(Instant::now() < deadline, "the replica does not follow");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn searches_ask_the_replica_and_writes_the_server() {
    let mut house = House::postgres().await;
    house.put(&[record("a", "A", "a", X)]).await;
    let server = house.server();
    let replica = server.replica().unwrap();
    let config = Config {
        url: Some(Secret::new(server.url())),
        read_url: Some(Secret::new(replica.url())),
        command_timeout_s: 2,
        ..config()
    };
    let meter = Meters::new("test").unwrap().meter();
    let store = Store::postgres(&config, Clock::fixed(0), &meter).await.unwrap();
    let articles = store.articles();
    articles.upsert(&[record("b", "B", "b", X)]).await.unwrap();
    followed(&store, "b").await;
    let vector = Embedding::normalized(X.to_vec());
    assert_eq!(articles.nearest(&vector, 9, None).await.unwrap().len(), 2);
    assert_eq!(articles.changes(0, 9).await.unwrap().len(), 2);
    let ours = house.store.articles().head().await.unwrap();
    assert_eq!(articles.head().await.unwrap(), ours, "the history is the same");

    replica.signal("STOP").unwrap();
    articles.upsert(&[record("c", "C", "c", X)]).await.unwrap();
    crate::claims::claim(&house, "c", "c", 1, "a.com").await;
    assert_eq!(store.claims().known(&[id("c")]).await.unwrap(), [true]);
    let error = articles.get(id("c")).await.unwrap_err();
    assert!(matches!(error, Error::Timeout(_)), "{error}");
    assert!(store.ping().await.is_err(), "readiness tells that the replica is away");
    replica.signal("CONT").unwrap();
    followed(&store, "c").await;
}
