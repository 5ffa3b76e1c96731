//! Vectors of one encoder are compared, and those of another are refused.

use courant_store::{Access, Error, Store, StoredArticle};
use courant_telemetry::{Clock, Meters};

use crate::conformance;
use crate::house::{House, config, id, record};

conformance!(
    the_first_vector_names_the_encoder,
    vectors_of_another_encoder_are_refused_by_name,
    every_precision_of_the_encoder_is_taken,
);

const X: [f32; 4] = [1.0, 0.0, 0.0, 0.0];
const OURS: &str = "all-MiniLM-L6-v2";

fn made_by(name: &str, encoder: &str, precision: &str) -> StoredArticle {
    let mut made = record(name, "Title", name, X);
    made.model.name = encoder.into();
    made.model.precision = precision.into();
    made
}

async fn the_first_vector_names_the_encoder(house: House) {
    let articles = house.store.articles();
    assert_eq!(articles.encoder().await.unwrap(), None);
    articles.check_encoder("any").await.unwrap();
    house.put(&[made_by("a", OURS, "fp32")]).await;
    assert_eq!(articles.encoder().await.unwrap().as_deref(), Some(OURS));
    articles.check_encoder(OURS).await.unwrap();
    let error = articles.check_encoder("another").await.unwrap_err();
    assert!(matches!(error, Error::Encoder { .. }), "{error}");
    drop(articles);
    let house = house.reopened().await;
    assert_eq!(house.store.articles().encoder().await.unwrap().as_deref(), Some(OURS));
}

async fn vectors_of_another_encoder_are_refused_by_name(house: House) {
    let articles = house.store.articles();
    let mixed = [made_by("a", OURS, "fp32"), made_by("b", "another", "fp32")];
    let error = articles.upsert(&mixed).await.unwrap_err();
    assert!(matches!(error, Error::Encoder { .. }) && error.is_permanent(), "{error}");
    assert_eq!(house.store.counts().await.unwrap().articles, 0, "nothing was stored");
    house.put(&mixed[..1]).await;
    let error = articles.upsert(&mixed[1..]).await.unwrap_err();
    let message = error.to_string();
    assert!(message.contains(OURS) && message.contains("another"), "{message}");
    assert!(message.contains("set inference.model"), "{message}");
    assert_eq!(house.store.counts().await.unwrap().articles, 1);
}

async fn every_precision_of_the_encoder_is_taken(house: House) {
    let precisions = ["fp32", "fp16", "int8"];
    house.put(&precisions.map(|precision| made_by(precision, OURS, precision))).await;
    for precision in precisions {
        let stored = house.store.articles().get(id(precision)).await.unwrap().unwrap();
        assert_eq!(stored.model.precision, precision);
    }
}

#[tokio::test]
async fn an_older_file_has_the_encoder_of_most_of_its_articles() {
    let house = House::sqlite().await;
    house.put(&["a", "b", "c"].map(|name| made_by(name, OURS, "int8"))).await;
    let path = house.file();
    let House { store, ground: _ground, .. } = house;
    store.close().await.unwrap();
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute_batch("DELETE FROM setting WHERE name = 'encoder'").unwrap();
    drop(file);
    let (meters, clock) = (Meters::new("test").unwrap(), Clock::fixed(0));
    let meter = meters.meter();
    let store = Store::sqlite(&path, Access::ReadWrite, &config(), clock, &meter).await.unwrap();
    assert_eq!(store.articles().encoder().await.unwrap().as_deref(), Some(OURS));
}
