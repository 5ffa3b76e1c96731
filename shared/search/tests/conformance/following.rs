//! The index beside its store.

use std::time::Duration;

use courant_search::{Error, Search};

use crate::archive::{Archive, record};
use crate::conformance;
use crate::house::id;

conformance!(
    an_article_is_found_soon_after_its_commit,
    the_index_goes_on_where_it_was,
    a_damaged_index_is_made_anew,
    an_index_ahead_of_its_store_is_made_anew,
    a_second_process_does_not_keep_the_same_index,
    a_reader_beside_the_keeper_finds_what_is_indexed,
    a_reader_alone_brings_the_index_up_to_date,
    a_copied_index_goes_on_where_the_other_was,
);

const X: [f32; 4] = [1.0, 0.0, 0.0, 0.0];

async fn an_article_is_found_soon_after_its_commit(archive: Archive) {
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let search = archive.search.clone();
    let following = tokio::spawn(async move { search.follow(async { drop(ended.await) }).await });
    archive.store.articles().upsert(&[record("a", "Ferry", "ferry", X)]).await.unwrap();
    let head = archive.store.articles().head().await.unwrap();
    assert!(archive.search.wait_for(head.change, Duration::from_secs(5)).await);
    assert_eq!(archive.texts("ferry").await, [id("a")]);
    assert!(!archive.search.wait_for(head.change + 1, Duration::from_millis(10)).await);
    drop(end);
    following.await.unwrap();
}

async fn the_index_goes_on_where_it_was(archive: Archive) {
    archive.put(&[record("a", "Ferry", "ferry", X)]).await;
    let before = archive.search.state();
    let archive = archive.reopened().await;
    assert_eq!(archive.search.state(), before);
    assert_eq!(archive.texts("ferry").await, [id("a")], "before it has looked at the store");
    archive.put(&[record("b", "Ferry", "ferry boat", X)]).await;
    assert_eq!(archive.texts("boat ferry").await, [id("b"), id("a")]);
}

async fn a_damaged_index_is_made_anew(archive: Archive) {
    archive.put(&[record("a", "Ferry", "ferry", X)]).await;
    std::fs::write(archive.folder.path().join("meta.json"), "{").unwrap();
    let archive = archive.reopened().await;
    assert!(archive.search.state().is_rebuilding);
    archive.search.catch_up().await.unwrap();
    assert!(!archive.search.state().is_rebuilding);
    assert_eq!(archive.texts("ferry").await, [id("a")]);
}

/// As after a restore of an older copy of the store.
async fn an_index_ahead_of_its_store_is_made_anew(archive: Archive) {
    archive.put(&[record("a", "Ferry", "ferry", X), record("b", "Train", "train", X)]).await;
    let younger = Search::keep(crate::house::House::sqlite().await.store, archive.folder.path());
    assert!(matches!(younger.await, Err(Error::InUse(_))));
    let Archive { search, folder, .. } = archive;
    drop(search);
    let house = crate::house::House::sqlite().await;
    house.put(&[record("c", "Plane", "plane", X)]).await;
    let search = Search::keep(house.store.clone(), folder.path()).await.unwrap();
    search.catch_up().await.unwrap();
    assert_eq!(search.state().articles, 1);
}

async fn a_second_process_does_not_keep_the_same_index(archive: Archive) {
    let second = Search::keep(archive.store.clone(), archive.folder.path()).await;
    assert!(matches!(second, Err(Error::InUse(_))));
}

async fn a_reader_beside_the_keeper_finds_what_is_indexed(archive: Archive) {
    archive.put(&[record("a", "Ferry", "ferry", X)]).await;
    let reader = Search::open(archive.store.clone(), archive.folder.path()).await.unwrap();
    assert_eq!(reader.state().articles, 1);
}

async fn a_reader_alone_brings_the_index_up_to_date(archive: Archive) {
    archive.store.articles().upsert(&[record("a", "Ferry", "ferry", X)]).await.unwrap();
    let (store, folder) = (archive.store.clone(), archive.folder.path().to_owned());
    let Archive { search, .. } = &archive;
    assert_eq!(search.state().articles, 0);
    let elsewhere = folder.join("elsewhere");
    let reader = Search::open(store, &elsewhere).await.unwrap();
    assert_eq!(reader.state().articles, 1);
}

async fn a_copied_index_goes_on_where_the_other_was(archive: Archive) {
    archive.put(&[record("a", "Ferry", "ferry", X), record("b", "Train", "train", X)]).await;
    archive.put(&[record("b", "Tram", "tram", X)]).await;
    let folder = tempfile::tempdir().unwrap();
    let (articles, bytes) = Search::copy_folder(archive.folder.path(), folder.path()).unwrap();
    assert!(articles == 2 && bytes > 0, "{articles} articles, {bytes} bytes");
    let again = Search::copy_folder(archive.folder.path(), folder.path()).unwrap_err();
    assert!(again.to_string().contains("holds an index already"), "{again}");

    let replica = Search::keep(archive.store.clone(), folder.path()).await.unwrap();
    assert_eq!(replica.state(), archive.search.state());
    archive.put(&[record("c", "Ferry", "ferry boat", X)]).await;
    replica.catch_up().await.unwrap();
    assert_eq!(replica.state().articles, 3);

    let empty = tempfile::tempdir().unwrap();
    assert!(Search::copy_folder(empty.path(), &empty.path().join("to")).is_err());
}
