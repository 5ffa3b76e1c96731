//! Articles like one.

use courant_article::{ArticleId, Entity, EntityKind, Span, Topic};
use courant_search::{CANDIDATES, Hit};
use courant_store::StoredArticle;

use crate::archive::{Archive, record};
use crate::conformance;
use crate::house::{DIMENSION, id};

conformance!(
    related_articles_are_the_nearest_others,
    who_shares_names_comes_before_who_is_as_near,
    a_name_that_everybody_has_says_little,
    names_do_not_make_up_for_another_subject,
    who_shares_a_name_is_found_behind_all_that_are_nearer,
    a_copy_of_the_same_story_is_related,
    a_shared_topic_counts,
    articles_without_names_and_vectors_are_related_to_none,
);

const X: [f32; DIMENSION] = [1.0, 0.0, 0.0, 0.0];
const NEAR: [f32; DIMENSION] = [0.9, 0.1, 0.0, 0.0];
const FAR: [f32; DIMENSION] = [0.0, 1.0, 0.0, 0.0];

/// An article named `name` that is about `people`.
fn about(name: &str, people: &[&str], vector: [f32; DIMENSION]) -> StoredArticle {
    let text = format!("{name} tells of {}", people.join(" and "));
    let mut record = record(name, name, &text, vector);
    let entity = |person: &&str| {
        let start = u32::try_from(text.find(*person).unwrap()).unwrap();
        Entity {
            text: (*person).to_owned(),
            kind: EntityKind::Person,
            span: Span { start, end: start + u32::try_from(person.len()).unwrap() },
            score: 0.9,
        }
    };
    record.analysis.entities = people.iter().map(entity).collect();
    record
}

fn score(hit: &Hit) -> f32 {
    hit.ranked.unwrap().score
}

async fn related(archive: &Archive, name: &str) -> Vec<ArticleId> {
    let hits = archive.search.related(id(name), CANDIDATES).await.unwrap().unwrap();
    assert!(hits.is_sorted_by(|a, b| score(a) >= score(b)), "{hits:?}");
    hits.iter().map(|hit| hit.id).collect()
}

async fn related_articles_are_the_nearest_others(archive: Archive) {
    archive
        .put(&[
            record("a", "A", "the text", X),
            record("a copy", "A", "the text", X),
            record("near", "N", "another text", NEAR),
            record("far", "F", "a third text", FAR),
        ])
        .await;
    assert_eq!(related(&archive, "a").await, [id("near"), id("far")]);
    assert_eq!(archive.search.related(id("a"), 1).await.unwrap().unwrap().len(), 1);
    assert_eq!(archive.search.related(id("unknown"), 10).await.unwrap(), None);
}

async fn who_shares_names_comes_before_who_is_as_near(archive: Archive) {
    let others: Vec<_> = (0..9).map(|n| about(&format!("other {n}"), &["Ann Lee"], NEAR)).collect();
    archive.put(&others).await;
    archive
        .put(&[
            about("a", &["Jo Novak", "Kim Park"], X),
            about("shares", &["KIM  Park", "Jo Novak"], NEAR),
            about("nearer", &["Ann Lee"], [0.92, 0.1, 0.0, 0.0]),
        ])
        .await;
    let found = related(&archive, "a").await;
    assert_eq!((found[0], found[1], found.len()), (id("shares"), id("nearer"), 11));
}

async fn a_name_that_everybody_has_says_little(archive: Archive) {
    let others: Vec<_> = (0..20).map(|n| about(&format!("other {n}"), &["Ann Lee"], FAR)).collect();
    archive.put(&others).await;
    archive
        .put(&[
            about("a", &["Ann Lee", "Kim Park"], X),
            about("rare", &["Kim Park"], NEAR),
            about("frequent", &["Ann Lee"], NEAR),
        ])
        .await;
    assert_eq!(related(&archive, "a").await[..2], [id("rare"), id("frequent")]);
}

async fn names_do_not_make_up_for_another_subject(archive: Archive) {
    archive
        .put(&[
            about("a", &["Kim Park"], X),
            about("near", &[], NEAR),
            about("far", &["Kim Park"], FAR),
        ])
        .await;
    assert_eq!(related(&archive, "a").await, [id("near"), id("far")]);
}

async fn who_shares_a_name_is_found_behind_all_that_are_nearer(archive: Archive) {
    let nearer: Vec<_> = (0..CANDIDATES + 5).map(|n| about(&n.to_string(), &[], X)).collect();
    archive.put(&nearer).await;
    let shares = [0.9, 0.2, 0.0, 0.0];
    archive.put(&[about("a", &["Kim Park"], X), about("shares", &["Kim Park"], shares)]).await;
    let hits = archive.search.related(id("a"), 1).await.unwrap().unwrap();
    assert_eq!((hits[0].id, hits[0].ranked.unwrap().vector_rank), (id("shares"), None));
}

async fn a_copy_of_the_same_story_is_related(archive: Archive) {
    let mut copy = about("copy", &[], NEAR);
    copy.article.syndicated_of = Some(id("a"));
    archive.put(&[about("a", &[], X), about("another", &[], NEAR), copy]).await;
    let hits = archive.search.related(id("a"), 9).await.unwrap().unwrap();
    assert_eq!(hits[0].id, id("copy"));
    assert!(score(&hits[0]) > score(&hits[1]), "{hits:?}");
}

async fn a_shared_topic_counts(archive: Archive) {
    let on = |name: &str, code: &str| {
        let mut record = about(name, &[], if name == "a" { X } else { NEAR });
        let topic = |code: &str, score| Topic { code: code.into(), label: code.into(), score };
        record.analysis.topics = vec![topic(code, 0.6), topic("medtop:01000000", 0.05)];
        record
    };
    let [sport, war] = ["medtop:15000000", "medtop:16000000"];
    archive.put(&[on("a", sport), on("war", war), on("sport", sport)]).await;
    let hits = archive.search.related(id("a"), 9).await.unwrap().unwrap();
    assert_eq!(hits[0].id, id("sport"));
    assert!(score(&hits[0]) > score(&hits[1]), "{hits:?}");
}

async fn articles_without_names_and_vectors_are_related_to_none(archive: Archive) {
    archive.put(&[about("a", &[], [0.0; DIMENSION]), about("b", &[], X)]).await;
    assert_eq!(related(&archive, "a").await, []);
}
