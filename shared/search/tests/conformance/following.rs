//! The index beside its store.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use courant_search::{Error, Search};

use crate::archive::{Archive, record};
use crate::conformance;
use crate::house::id;

conformance!(
    an_article_is_found_soon_after_its_commit,
    the_index_goes_on_where_it_was,
    a_damaged_index_is_made_anew,
    a_torn_page_of_any_file_costs_no_article,
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

/// Each file loses a page, its beginning, its end, and everything.
async fn a_torn_page_of_any_file_costs_no_article(mut archive: Archive) {
    let text = |number| format!("ferry harbour{number} boat");
    let ids: Vec<String> = (0..40).map(|number| format!("a{number}")).collect();
    let records: Vec<_> =
        (0..).zip(&ids).map(|(number, id)| record(id, "Ferry", &text(number), X)).collect();
    archive.put(&records[..30]).await;
    archive.put(&records[20..]).await;
    let kinds: BTreeSet<String> =
        index_files(archive.folder.path()).map(|file| kind(&file)).collect();
    assert!(kinds.len() > 6, "{kinds:?}");
    for kind_of_file in &kinds {
        for tear in [Tear::Page, Tear::Beginning, Tear::End, Tear::Everything] {
            // An index that was made anew has files of other names.
            let mut files = index_files(archive.folder.path());
            tear.apply(&files.find(|file| kind(file) == *kind_of_file).unwrap());
            archive = archive.reopened().await;
            assert!(followed(&archive.search).await, "{kind_of_file} without its {tear:?}");
            assert_eq!(archive.search.state().articles, 40, "{kind_of_file}, {tear:?}");
            assert_eq!(archive.texts("harbour7").await, [id("a7")], "{kind_of_file}, {tear:?}");
            archive.search.check().await.unwrap();
        }
    }
}

/// The part of a file that a disk has lost.
#[derive(Clone, Copy, Debug)]
enum Tear {
    Page,
    Beginning,
    End,
    Everything,
}

impl Tear {
    fn apply(self, file: &Path) {
        let mut bytes = std::fs::read(file).unwrap();
        let (half, page) = (bytes.len() / 2, bytes.len().div_ceil(4).min(512));
        match self {
            Self::Page => bytes[half..half + page].fill(0),
            Self::Beginning => bytes[..page].fill(0xff),
            Self::End => bytes.truncate(half),
            Self::Everything => bytes.clear(),
        }
        std::fs::write(file, bytes).unwrap();
    }
}

fn index_files(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let holds = |about: std::fs::Metadata| about.is_file() && about.len() > 0;
    let files = files.filter(move |entry| entry.metadata().is_ok_and(holds));
    files.map(|entry| entry.path())
}

/// The file's extension, or its name if others have no part in it.
fn kind(file: &Path) -> String {
    let name = file.file_name().unwrap().to_str().unwrap();
    let is_named = name.ends_with("json");
    if is_named { name.to_owned() } else { name.rsplit('.').next().unwrap().to_owned() }
}

/// Lets the index follow its store until it holds all of it; returns false if it does not in time.
async fn followed(search: &Search) -> bool {
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let follower = search.clone();
    let following = tokio::spawn(async move { follower.follow(async { drop(ended.await) }).await });
    let head = search.store().articles().head().await.unwrap();
    let mut patience = 100;
    while patience > 0 && (search.state().is_rebuilding || search.state().change < head.change) {
        tokio::time::sleep(Duration::from_millis(50)).await;
        patience -= 1;
    }
    drop(end);
    following.await.unwrap();
    patience > 0
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
