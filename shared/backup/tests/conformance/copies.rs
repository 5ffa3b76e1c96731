//! Copies between stores.

use courant_article::{ArticleId, ContentHash, Decision, Revision};
use courant_backup::copy;
use courant_retention::Deletions;
use courant_store::{
    Change, Claim, Fingerprint, KnownSketch, ReplacedRevision, Store, StoredArticle, Visit,
};

use crate::house::{House, id, record, revised};

const X: [f32; 4] = [1.0, 0.0, 0.0, 0.0];

/// Everything that the handles of a store show.
#[derive(Debug, PartialEq)]
struct Contents {
    articles: Vec<(StoredArticle, i64)>,
    versions: Vec<(ArticleId, Vec<ReplacedRevision>)>,
    claims: Vec<(ArticleId, Fingerprint)>,
    sketches: Vec<(ArticleId, ContentHash, String, i64)>,
    visits: u64,
}

async fn contents(store: &Store) -> Contents {
    let articles = store.articles();
    let changes: Vec<Change> = articles.changes(0, 10_000).await.unwrap();
    let mut present: Vec<(ArticleId, i64)> = changes
        .into_iter()
        .filter_map(|change| Some((change.id, change.article?.first_observed_ms)))
        .collect();
    present.sort();
    let mut contents = Contents {
        articles: Vec::new(),
        versions: Vec::new(),
        claims: Vec::new(),
        sketches: Vec::new(),
        visits: store.counts().await.unwrap().visits,
    };
    for (id, observed_ms) in &present {
        contents.articles.push((articles.get(*id).await.unwrap().unwrap(), *observed_ms));
        contents.versions.push((*id, articles.revisions(*id, 100).await.unwrap()));
    }
    let ids: Vec<ArticleId> = (0..200).map(|n| id(&n.to_string())).collect();
    contents.claims = store.claims().fingerprints(&ids).await.unwrap();
    contents.claims.sort_by_key(|(id, _)| *id);
    let sketches = store.claims().sketches(0, 10_000).await.unwrap();
    let shown = |of: KnownSketch| (of.id, of.content_hash, of.site, of.claimed_at_ms);
    contents.sketches = sketches.into_iter().map(shown).collect();
    contents
}

/// An archive with versions, copies, claims without articles, and visits.
pub(crate) async fn fill(store: &Store) {
    let records: Vec<StoredArticle> = (0..120)
        .map(|n| {
            let name = n.to_string();
            let mut record = record(&name, &format!("Title {n}"), &format!("text {n}"), X);
            record.article.revision = Revision(1_700_000_000_000 + n * 86_400_000);
            (record.article.decision, record.article.syndicated_of) = (Decision::New, None);
            record
        })
        .collect();
    for n in 0..150 {
        let name = n.to_string();
        let words: String = (0..200).map(|word| format!("w{word}n{n} ")).collect();
        let claim = Claim {
            id: id(&name),
            content_hash: ContentHash::of_normalized(&format!("text {n}")),
            observed: Revision(1_700_000_000_000 + n * 86_400_000),
            site: format!("{n}.example"),
            sketch: courant_dedup::Sketch::of(&words, 5),
            near: Vec::new(),
        };
        store.claims().judge(&claim).await.unwrap();
    }
    store.articles().upsert(&records).await.unwrap();
    for turn in 1..=3 {
        let later: Vec<StoredArticle> = records[..20 * turn as usize]
            .iter()
            .map(|record| {
                let revision = record.article.revision.0 + 1_000 * turn;
                revised(record.clone(), revision, &format!("text of turn {turn}"))
            })
            .collect();
        store.articles().upsert(&later).await.unwrap();
    }
    let visits: Vec<Visit> = (0..50)
        .map(|n| Visit {
            url: format!("https://example.com/{n}"),
            etag: (n % 2 == 0).then(|| format!("\"{n}\"")),
            last_modified: None,
            fetched_at_ms: 1_700_000_000_000 + n * 86_400_000,
            status: 200,
            content_hash: Some(ContentHash::of_normalized("x")),
        })
        .collect();
    store.crawl().record_visits(&[], &visits).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_goes_to_postgres_and_back_without_loss() {
    let (file, server, back) =
        (House::sqlite().await, House::postgres().await, House::sqlite().await);
    fill(&file.store).await;
    let before = contents(&file.store).await;
    assert!(before.articles.len() == 120 && before.claims.len() == 150, "the archive is full");
    assert!(before.versions.iter().any(|(_, versions)| versions.len() > 1));
    assert!(!before.sketches.is_empty());

    let copied = copy(&file.store, &server.store, |_| ()).await.unwrap();
    assert_eq!(copied.articles, 120);
    assert_eq!(contents(&server.store).await, before, "on the server");
    copy(&server.store, &back.store, |_| ()).await.unwrap();
    assert_eq!(contents(&back.store).await, before, "in another file");

    let again = copy(&file.store, &server.store, |_| ()).await.unwrap();
    let sketches = before.sketches.len();
    assert_eq!((again.articles, contents(&server.store).await), (120, before), "the same again");
    let claim = courant_store::Claim {
        id: id("new"),
        content_hash: ContentHash::of_normalized("new"),
        observed: Revision(1),
        site: "new.example".into(),
        sketch: courant_dedup::Sketch::of(&"new words come here ".repeat(20), 5),
        near: Vec::new(),
    };
    server.store.claims().judge(&claim).await.unwrap();
    assert_eq!(contents(&server.store).await.sketches.len(), sketches + 1, "numbers go on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deletions_of_either_side_hold_after_a_copy() {
    for (from, to) in [
        (House::sqlite().await, House::postgres().await),
        (House::postgres().await, House::sqlite().await),
    ] {
        fill(&from.store).await;
        fill(&to.store).await;
        Deletions::of(&from.store).delete(&[id("1"), id("2")]).await.unwrap();
        Deletions::of(&to.store).delete(&[id("2"), id("3")]).await.unwrap();
        let copied = copy(&from.store, &to.store, |_| ()).await.unwrap();
        assert_eq!(copied.deleted, 2);
        let articles = to.store.articles();
        for (name, is_there) in [("0", true), ("1", false), ("2", false), ("3", false)] {
            assert_eq!(articles.get(id(name)).await.unwrap().is_some(), is_there, "{name}");
            assert_eq!(to.store.claims().known(&[id(name)]).await.unwrap(), [true], "{name}");
        }
        let gone = [id("1"), id("2"), id("3")];
        assert!(to.store.claims().fingerprints(&gone).await.unwrap().is_empty());
        let late = record("1", "Title", "late", X);
        to.put(&[late]).await;
        assert!(articles.get(id("1")).await.unwrap().is_none());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_beside_a_writer_has_one_state() {
    let (from, to) = (House::sqlite().await, House::postgres().await);
    fill(&from.store).await;
    let store = from.store.clone();
    let writing = tokio::spawn(async move {
        for n in 1_000..1_100 {
            let name = n.to_string();
            store.articles().upsert(&[record(&name, "T", &name, X)]).await.unwrap();
        }
    });
    copy(&from.store, &to.store, |_| ()).await.unwrap();
    writing.await.unwrap();
    copy(&from.store, &to.store, |_| ()).await.unwrap();
    assert_eq!(contents(&to.store).await, contents(&from.store).await);
}
