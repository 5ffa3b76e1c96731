//! Backups and their restore.

use courant_backup::{Error, back_up_file, back_up_server, check, restore};
use courant_retention::Deletions;
use courant_store::{Access, Store};

use crate::copies::fill;
use crate::house::{House, id, record};

const X: [f32; 4] = [1.0, 0.0, 0.0, 0.0];

async fn open(house: &House, path: &std::path::Path) -> Store {
    let meter = house.meters.meter();
    let access = Access::ReadWrite;
    Store::sqlite(path, access, &house.config, house.clock.clone(), &meter).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_restored_as_it_was_without_what_was_deleted_since() {
    let house = House::sqlite().await;
    fill(&house.store).await;
    let folder = tempfile::tempdir().unwrap();
    let (models, to) = (folder.path().join("models"), folder.path().join("backup"));
    std::fs::create_dir_all(models.join("sentiment")).unwrap();
    std::fs::write(models.join("sentiment/rollout.json"), "{}").unwrap();
    let (store, clock) = (house.store.clone(), house.clock.clone());
    let writing = tokio::spawn(async move {
        for n in 0..50 {
            let name = format!("during-{n}");
            store.articles().upsert(&[record(&name, "T", &name, X)]).await.unwrap();
        }
    });
    let manifest = back_up_file(&house.file(), &models, &to, &clock).unwrap();
    writing.await.unwrap();
    assert!(manifest.articles >= 120 && manifest.files.len() == 2, "{manifest:?}");
    assert!(matches!(back_up_file(&house.file(), &models, &to, &clock), Err(Error::Exists(_))));
    assert_eq!(check(&to, &house.config).await.unwrap().articles, manifest.articles);

    // A data folder with a store of its own, in which something was deleted since.
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let former = open(&house, &data.join("courant.db")).await;
    former.articles().upsert(&[record("5", "T", "text 5", X)]).await.unwrap();
    Deletions::of(&former).delete(&[id("5")]).await.unwrap();
    former.close().await.unwrap();
    let meter = house.meters.meter();
    let restored = restore(&to, &data, &house.config, &clock, &meter).await.unwrap();
    assert_eq!(restored.deleted_since, 1);
    assert!(restored.replaced.is_some_and(|path| path.exists()));
    assert!(data.join("models/sentiment/rollout.json").exists());
    let store = open(&house, &data.join("courant.db")).await;
    assert_eq!(store.counts().await.unwrap().articles, manifest.articles - 1);
    assert!(store.articles().get(id("5")).await.unwrap().is_none());
    let visit = store.crawl().visit("https://example.com/48").await.unwrap().unwrap();
    assert!(visit.etag.is_some(), "older than a day");
    let last = store.crawl().visit("https://example.com/49").await.unwrap().unwrap();
    assert!(last.etag.is_none() && last.content_hash.is_none(), "it is fetched again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_backup_is_named_and_not_restored() {
    let house = House::sqlite().await;
    fill(&house.store).await;
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("backup");
    back_up_file(&house.file(), &folder.path().join("models"), &to, &house.clock).unwrap();
    let store = to.join("courant.db");
    let mut bytes = std::fs::read(&store).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&store, bytes).unwrap();
    let damaged = check(&to, &house.config).await.unwrap_err();
    assert!(damaged.to_string().contains("courant.db is not as it was written"), "{damaged}");
    let data = folder.path().join("data");
    let meter = house.meters.meter();
    let refused = restore(&to, &data, &house.config, &house.clock, &meter).await;
    assert!(matches!(refused, Err(Error::Damaged { .. })));
    assert!(!data.exists(), "nothing was touched");
    let missing = check(&folder.path().join("nowhere"), &house.config).await;
    assert!(matches!(missing, Err(Error::File { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_backed_up_into_the_same_form() {
    let house = House::postgres().await;
    fill(&house.store).await;
    let folder = tempfile::tempdir().unwrap();
    let (models, to) = (folder.path().join("models"), folder.path().join("backup"));
    let meter = house.meters.meter();
    let made = back_up_server(&house.store, &house.config, &models, &to, &house.clock, &meter);
    assert_eq!(made.await.unwrap().articles, 120);
    let data = folder.path().join("data");
    restore(&to, &data, &house.config, &house.clock, &meter).await.unwrap();
    let store = open(&house, &data.join("courant.db")).await;
    assert_eq!(store.counts().await.unwrap().articles, 120);
    assert!(!folder.path().join("backup.partial").exists());
}
