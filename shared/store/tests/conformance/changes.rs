//! The history of changes.

use courant_article::Revision;
use courant_store::Change;

use crate::conformance;
use crate::house::{House, id, record, revised};

conformance!(
    each_change_has_a_number_behind_the_last,
    a_revised_article_changes_again_and_keeps_its_first_observation,
    an_article_that_stays_as_it_is_does_not_change,
    changes_come_in_parts,
    the_history_goes_on_after_a_restart,
    replaced_versions_are_kept,
    writers_beside_each_other_hide_no_change,
    a_small_set_is_searched_exactly,
);

const X: [f32; 4] = [1.0, 0.0, 0.0, 0.0];

async fn changes(house: &House, after: i64) -> Vec<Change> {
    house.store.articles().changes(after, 1_000).await.unwrap()
}

async fn each_change_has_a_number_behind_the_last(house: House) {
    assert_eq!(house.store.articles().head().await.unwrap().change, 0);
    let records = [record("a", "A", "a", X), record("b", "B", "b", X)];
    house.put(&records[..1]).await;
    house.put(&records[1..]).await;
    let all = changes(&house, 0).await;
    assert_eq!(all.iter().map(|change| change.id).collect::<Vec<_>>(), [id("a"), id("b")]);
    assert!(all[0].number < all[1].number);
    let article = all[0].article.clone().unwrap();
    assert_eq!((&article.article, &article.analysis), (&records[0].article, &records[0].analysis));
    assert_eq!(changes(&house, all[0].number).await, all[1..]);
    assert_eq!(house.store.articles().head().await.unwrap().change, all[1].number);
}

async fn a_revised_article_changes_again_and_keeps_its_first_observation(house: House) {
    let first = record("a", "A", "a", X);
    house.put(&[first.clone(), record("b", "B", "b", X)]).await;
    let before = changes(&house, 0).await;
    house.put(&[revised(first, 2000, "later")]).await;
    let after = changes(&house, 0).await;
    assert_eq!(after.iter().map(|change| change.id).collect::<Vec<_>>(), [id("b"), id("a")]);
    assert!(after[1].number > before[1].number);
    let article = after[1].article.clone().unwrap();
    assert_eq!((article.article.revision, article.first_observed_ms), (Revision(2000), 1000));
    let number = |changes: &[Change]| {
        let of_a = changes.iter().find(|change| change.id == id("a")).unwrap();
        of_a.article.as_ref().unwrap().number
    };
    assert_eq!(number(&before), number(&after), "its number in the store stays");
}

async fn an_article_that_stays_as_it_is_does_not_change(house: House) {
    house.put(&[record("a", "A", "a", X)]).await;
    let before = changes(&house, 0).await;
    house.put(&[record("a", "A", "a", X)]).await;
    assert_eq!(changes(&house, 0).await, before);
}

async fn changes_come_in_parts(house: House) {
    let records: Vec<_> = (0..25).map(|n| record(&n.to_string(), "T", "t", X)).collect();
    house.put(&records).await;
    let (mut after, mut sizes) = (0, Vec::new());
    loop {
        let part = house.store.articles().changes(after, 10).await.unwrap();
        sizes.push(part.len());
        let Some(last) = part.last() else { break };
        after = last.number;
    }
    assert_eq!(sizes, [10, 10, 5, 0]);
}

async fn the_history_goes_on_after_a_restart(house: House) {
    house.put(&[record("a", "A", "a", X)]).await;
    let before = house.store.articles().head().await.unwrap();
    let house = house.reopened().await;
    assert_eq!(house.store.articles().head().await.unwrap(), before);
    house.put(&[record("b", "B", "b", X)]).await;
    let after = house.store.articles().head().await.unwrap();
    assert!(after.epoch == before.epoch && after.change > before.change, "{after:?}");
}

async fn replaced_versions_are_kept(house: House) {
    let first = record("a", "First title", "first", X);
    house.put(std::slice::from_ref(&first)).await;
    let mut second = revised(first.clone(), 2000, "second");
    second.article.title = "Second title".into();
    house.put(&[second.clone()]).await;
    house.put(&[revised(second, 3000, "third")]).await;
    let kept = house.store.articles().revisions(id("a"), 10).await.unwrap();
    let shown: Vec<_> = kept
        .iter()
        .map(|kept| (kept.revision.0, kept.title.as_str(), kept.text.as_str()))
        .collect();
    assert_eq!(shown, [(2000, "Second title", "second"), (1000, "First title", "first")]);
    assert_eq!(kept[1].content_hash, first.article.content_hash);
    assert_eq!(kept[1].analysis, first.analysis);
    assert_eq!(house.store.articles().revisions(id("a"), 1).await.unwrap().len(), 1);
}

/// A follower reads while eight writers commit. It must meet every article, although it never
/// looks at a number again that it has passed.
async fn writers_beside_each_other_hide_no_change(house: House) {
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let store = house.store.clone();
            tokio::spawn(async move {
                for n in 0..25 {
                    let name = format!("{writer}-{n}");
                    store.articles().upsert(&[record(&name, "T", &name, X)]).await.unwrap();
                }
            })
        })
        .collect();
    let (mut after, mut met) = (0, std::collections::HashSet::new());
    while met.len() < 200 {
        let is_over = writers.iter().all(|writer| writer.is_finished());
        for change in house.store.articles().changes(after, 50).await.unwrap() {
            after = change.number;
            met.insert(change.id);
        }
        assert!(!is_over || met.len() == 200 || !changes(&house, after).await.is_empty());
    }
    for writer in writers {
        writer.await.unwrap();
    }
}

async fn a_small_set_is_searched_exactly(house: House) {
    let vector = |n: i32| [1.0, n as f32 / 50.0, 0.0, 0.0];
    let records: Vec<_> = (0..100).map(|n| record(&n.to_string(), "T", "t", vector(n))).collect();
    house.put(&records).await;
    let numbers = changes(&house, 0).await.into_iter().filter_map(|change| {
        let name: i32 = (0..100).find(|n| id(&n.to_string()) == change.id)?;
        (name % 10 == 7).then(|| change.article.unwrap().number)
    });
    let among: courant_store::RowSet = numbers.collect();
    let near = courant_article::Embedding::normalized(vec![1.0, 0.0, 0.0, 0.0]);
    let near =
        house.store.articles().nearest(&near, 3, Some(std::sync::Arc::new(among))).await.unwrap();
    let found: Vec<_> = near.iter().map(|near| near.id).collect();
    assert_eq!(found, [id("7"), id("17"), id("27")]);
}
