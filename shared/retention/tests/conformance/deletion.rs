//! Deletion of articles.

use courant_article::{ArticleId, ContentHash, Decision, Embedding, Revision};
use courant_retention::{DeletedArticle, Deletions, MOST_AT_A_TIME};
use courant_store::{Claim, StoredArticle, UpsertOutcome, Visit};

use crate::conformance;
use crate::house::{House, id, record, revised};

conformance!(
    everything_of_a_deleted_article_goes,
    a_deleted_article_does_not_come_back,
    a_deletion_is_a_change,
    the_same_deletion_again_tells_the_same,
    the_oldest_copy_becomes_the_first,
    a_copy_on_its_way_becomes_the_first,
    the_text_is_barred_until_another_article_has_it,
    an_article_on_its_way_is_refused_when_it_arrives,
    unknown_articles_are_not_deleted,
    many_articles_are_deleted_in_parts,
    an_article_is_stored_or_deleted_whichever_comes_first,
    traces_are_pending_until_they_are_erased,
);

const X: [f32; 4] = [1.0, 0.0, 0.0, 0.0];

async fn delete(house: &House, names: &[&str]) -> Vec<DeletedArticle> {
    let ids: Vec<ArticleId> = names.iter().map(|name| id(name)).collect();
    Deletions::of(&house.store).delete(&ids).await.unwrap()
}

/// A record that is no copy.
fn first(name: &str, text: &str) -> StoredArticle {
    let mut record = record(name, "Title", text, X);
    (record.article.decision, record.article.syndicated_of) = (Decision::New, None);
    record
}

fn copy(name: &str, of: &str, text: &str, revision: i64) -> StoredArticle {
    let mut record = record(name, "Title", text, X);
    record.article.revision = Revision(revision);
    record.article.syndicated_of = Some(id(of));
    record
}

fn claim_on(name: &str, text: &str, site: &str) -> Claim {
    let content_hash = ContentHash::of_normalized(text);
    let (observed, site) = (Revision(5_000), site.to_owned());
    Claim { id: id(name), content_hash, observed, site, sketch: None, near: Vec::new() }
}

async fn judged(house: &House, claim: &Claim) -> (Decision, Option<ArticleId>) {
    let verdict = house.store.claims().judge(claim).await.unwrap().verdict;
    (verdict.decision, verdict.of)
}

async fn everything_of_a_deleted_article_goes(house: House) {
    let (gone, stays) = (first("gone", "a first text"), first("stays", "another text"));
    house.put(&[gone.clone(), stays]).await;
    house.put(&[revised(gone.clone(), 2_000, "a second text")]).await;
    let visit = Visit {
        url: gone.article.url.clone(),
        etag: None,
        last_modified: None,
        fetched_at_ms: 1,
        status: 200,
        content_hash: None,
    };
    house.store.crawl().record_visits(&[], std::slice::from_ref(&visit)).await.unwrap();

    let deleted = delete(&house, &["gone"]).await;
    assert_eq!(deleted.iter().map(|one| one.id).collect::<Vec<_>>(), [id("gone")]);

    let articles = house.store.articles();
    assert!(articles.get(id("gone")).await.unwrap().is_none());
    assert!(articles.get(id("stays")).await.unwrap().is_some());
    assert!(articles.revisions(id("gone"), 10).await.unwrap().is_empty());
    let near = articles.nearest(&Embedding::normalized(X.to_vec()), 10, None).await.unwrap();
    assert_eq!(near.iter().map(|near| near.id).collect::<Vec<_>>(), [id("stays")]);
    assert!(house.store.claims().fingerprints(&[id("gone")]).await.unwrap().is_empty());
    assert!(house.store.crawl().visit(&gone.article.url).await.unwrap().is_none());
    let counts = house.store.counts().await.unwrap();
    assert_eq!((counts.articles, counts.fingerprints, counts.visits), (1, 1, 0));
}

async fn a_deleted_article_does_not_come_back(house: House) {
    let gone = first("gone", "the text");
    house.put(std::slice::from_ref(&gone)).await;
    delete(&house, &["gone"]).await;
    let later = revised(gone.clone(), 9_000, "quite another text");
    let batch = [gone, first("other", "other"), later];
    let outcomes = house.store.articles().upsert(&batch).await.unwrap();
    assert_eq!(outcomes[1], UpsertOutcome::Inserted);
    assert_eq!(outcomes[2], UpsertOutcome::Deleted);
    assert!(house.store.articles().get(id("gone")).await.unwrap().is_none());
    assert_eq!(house.store.counts().await.unwrap().articles, 1);
    assert_eq!(house.store.claims().known(&[id("gone"), id("new")]).await.unwrap(), [true, false]);
}

async fn a_deletion_is_a_change(house: House) {
    house.put(&[first("gone", "the text")]).await;
    let before = house.store.articles().head().await.unwrap();
    delete(&house, &["gone"]).await;
    let changes = house.store.articles().changes(before.change, 10).await.unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].id, changes[0].article.is_none()), (id("gone"), true));
    let after = house.store.articles().head().await.unwrap();
    assert_eq!((after.epoch, after.change), (before.epoch, changes[0].number));
}

async fn the_same_deletion_again_tells_the_same(house: House) {
    house.put(&[first("gone", "the text")]).await;
    let once = delete(&house, &["gone"]).await;
    assert_eq!(once[0].content_hash, ContentHash::of_normalized("the text"));
    assert_eq!(delete(&house, &["gone", "gone"]).await, once);
}

async fn the_oldest_copy_becomes_the_first(house: House) {
    let text = "the same text everywhere";
    house.put(&[first("first", text)]).await;
    house.put(&[copy("younger", "first", text, 3_000), copy("older", "first", text, 2_000)]).await;
    let before = house.store.articles().head().await.unwrap();
    delete(&house, &["first"]).await;

    let articles = house.store.articles();
    let of = async |name: &str| {
        let article = articles.get(id(name)).await.unwrap().unwrap().article;
        (article.decision, article.syndicated_of)
    };
    assert_eq!(of("older").await, (Decision::New, None));
    assert_eq!(of("younger").await, (Decision::Syndicated, Some(id("older"))));
    let changed = articles.changes(before.change, 10).await.unwrap();
    assert_eq!(changed.len(), 3, "followers hear of the copies, too");
    assert!(articles.revisions(id("older"), 10).await.unwrap().is_empty());
    let third = claim_on("third", text, "third.example");
    assert_eq!(judged(&house, &third).await, (Decision::Syndicated, Some(id("older"))));
}

async fn a_copy_on_its_way_becomes_the_first(house: House) {
    let text = "the same text everywhere";
    let claim = |name: &str, site: &str| claim_on(name, text, site);
    assert_eq!(judged(&house, &claim("first", "a.example")).await.0, Decision::New);
    house.put(&[first("first", text)]).await;
    let copied = judged(&house, &claim("copy", "b.example")).await;
    assert_eq!(copied, (Decision::Syndicated, Some(id("first"))));
    delete(&house, &["first"]).await;
    house.put(&[copy("copy", "first", text, 5_000)]).await;
    let copy = house.store.articles().get(id("copy")).await.unwrap().unwrap().article;
    assert_eq!((copy.decision, copy.syndicated_of), (Decision::New, None));
}

async fn the_text_is_barred_until_another_article_has_it(house: House) {
    let text = "a text that must go";
    let claims = house.store.claims();
    let hash = ContentHash::of_normalized(text);
    assert_eq!(judged(&house, &claim_on("first", text, "a.example")).await.0, Decision::New);
    house.put(&[first("first", text)]).await;
    let duplicate = judged(&house, &claim_on("mobile", text, "a.example")).await;
    assert_eq!(duplicate, (Decision::Duplicate, Some(id("first"))));
    assert!(!claims.is_deleted(id("first"), hash).await.unwrap());
    delete(&house, &["first"]).await;
    let changed = ContentHash::of_normalized("changed");
    assert!(claims.is_deleted(id("first"), changed).await.unwrap(), "the address");
    assert!(claims.is_deleted(id("elsewhere"), hash).await.unwrap(), "the text");
    assert!(claims.is_deleted(id("mobile"), changed).await.unwrap(), "a further address");
    assert!(!claims.is_deleted(id("elsewhere"), changed).await.unwrap());

    house.put(&[first("holder", text)]).await;
    assert!(!claims.is_deleted(id("elsewhere"), hash).await.unwrap(), "others still publish it");
    assert!(claims.is_deleted(id("first"), hash).await.unwrap());
}

async fn an_article_on_its_way_is_refused_when_it_arrives(house: House) {
    let text = "on its way";
    assert_eq!(judged(&house, &claim_on("late", text, "a.example")).await.0, Decision::New);
    assert_eq!(delete(&house, &["late"]).await.len(), 1);
    let outcomes = house.store.articles().upsert(&[first("late", text)]).await.unwrap();
    assert_eq!(outcomes, [UpsertOutcome::Deleted]);
    assert!(house.store.claims().open(10).await.unwrap().is_empty());
}

async fn unknown_articles_are_not_deleted(house: House) {
    assert!(delete(&house, &["unknown"]).await.is_empty());
    house.put(&[first("unknown", "now it comes")]).await;
    assert_eq!(house.store.counts().await.unwrap().articles, 1);
}

async fn many_articles_are_deleted_in_parts(house: House) {
    let names: Vec<String> = (0..MOST_AT_A_TIME + 50).map(|n| n.to_string()).collect();
    let records: Vec<_> = names.iter().map(|name| first(name, name)).collect();
    house.put(&records).await;
    let names: Vec<&str> = names[10..].iter().map(String::as_str).collect();
    assert_eq!(delete(&house, &names).await.len(), names.len());
    assert_eq!(house.store.counts().await.unwrap().articles, 10);
}

/// Whichever comes first, the article is gone in the end.
async fn an_article_is_stored_or_deleted_whichever_comes_first(house: House) {
    let names: Vec<String> = (0..40).map(|n| format!("race-{n}")).collect();
    for name in &names {
        judged(&house, &claim_on(name, name, "a.example")).await;
    }
    let storing = {
        let (store, names) = (house.store.clone(), names.clone());
        tokio::spawn(async move {
            for name in &names {
                store.articles().upsert(&[first(name, name)]).await.unwrap();
            }
        })
    };
    let (even, odd): (Vec<_>, Vec<_>) =
        names.iter().map(|name| id(name)).partition(|id| id.as_bytes()[0] % 2 == 0);
    let deletions = Deletions::of(&house.store);
    let (one, other) = tokio::join!(deletions.delete(&even), deletions.delete(&odd));
    assert_eq!(one.unwrap().len() + other.unwrap().len(), names.len());
    storing.await.unwrap();
    assert_eq!(house.store.counts().await.unwrap().articles, 0);
    let outcomes = house.store.articles().upsert(&[first("race-1", "late")]).await.unwrap();
    assert_eq!(outcomes, [UpsertOutcome::Deleted]);
}

async fn traces_are_pending_until_they_are_erased(house: House) {
    let deletions = Deletions::of(&house.store);
    assert_eq!(deletions.pending_erasure().await.unwrap(), None);
    let word = "hippogriff";
    let text = format!("{word} {}", "and more ".repeat(2_000));
    house.put(&[first("gone", &text), first("stays", "another text")]).await;
    house.put(&[revised(first("gone", &text), 2_000, &format!("{word} again"))]).await;
    delete(&house, &["gone"]).await;
    let pending = deletions.pending_erasure().await.unwrap().unwrap();
    assert_eq!(pending.oldest_ms, house.clock.unix_ms());
    deletions.erase().await.unwrap();
    deletions.erased(pending).await.unwrap();
    assert_eq!(deletions.pending_erasure().await.unwrap(), None);
    if let crate::house::Ground::Folder(folder) = &house.ground {
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let is_there = bytes.windows(word.len()).any(|part| part == word.as_bytes());
            assert!(!is_there, "{}", path.display());
        }
    }
    assert_eq!(house.store.counts().await.unwrap().articles, 1);
}
