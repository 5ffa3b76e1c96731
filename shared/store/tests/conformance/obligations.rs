//! Claims whose articles are not stored: they are owed until they are released.

use courant_article::{Decision, Revision};
use courant_store::{Claim, OpenClaim, Verdict};

use crate::claims::{claim, judged, made, near_to};
use crate::conformance;
use crate::house::{House, id, record, revised};

conformance!(
    a_claim_is_open_until_its_article_is_stored,
    a_duplicate_of_what_is_not_stored_is_pending,
    a_released_claim_bars_nothing,
    a_claim_whose_article_is_stored_is_not_released,
    a_lost_revision_is_taken_again,
    a_copy_takes_the_place_of_a_lost_article,
    a_copy_stays_one_when_it_is_taken_again,
    a_near_copy_of_a_lost_article_is_let_in,
    a_lost_article_is_not_known,
    what_is_stored_without_a_claim_gets_one,
    no_revision_is_given_twice,
);

const NEW: Verdict = Verdict { decision: Decision::New, of: None };

fn verdict(decision: Decision, of: &str) -> Verdict {
    Verdict { decision, of: Some(id(of)) }
}

async fn store(house: &House, name: &str, text: &str, revision: i64) {
    let mut article = record(name, "Title", text, [1.0, 0.0, 0.0, 0.0]);
    (article.article.decision, article.article.syndicated_of) = (Decision::New, None);
    house.put(&[revised(article, revision, text)]).await;
}

async fn release(house: &House, name: &str, revision: i64) -> u64 {
    house.store.claims().release(&[owed(name, revision)]).await.unwrap()
}

fn owed(name: &str, revision: i64) -> OpenClaim {
    OpenClaim { id: id(name), revision: Revision(revision) }
}

async fn open(house: &House) -> Vec<OpenClaim> {
    let mut open = house.store.claims().open(9).await.unwrap();
    open.sort_by_key(|owed| owed.revision);
    open
}

async fn a_claim_is_open_until_its_article_is_stored(house: House) {
    claim(&house, "a", "text", 1, "a.com").await;
    claim(&house, "a?print", "text", 2, "a.com").await;
    claim(&house, "b", "text", 3, "b.com").await;
    assert_eq!(open(&house).await, [owed("a", 1), owed("b", 3)]);
    store(&house, "a", "text", 1).await;
    let house = house.reopened().await;
    assert_eq!(open(&house).await, [owed("b", 3)]);
    claim(&house, "a", "next", 4, "a.com").await;
    assert_eq!(open(&house).await, [owed("b", 3), owed("a", 4)]);
    store(&house, "a", "text", 1).await;
    assert_eq!(open(&house).await, [owed("b", 3), owed("a", 4)], "an older one comes again");
    store(&house, "a", "next", 4).await;
    assert_eq!(open(&house).await, [owed("b", 3)]);
}

async fn a_duplicate_of_what_is_not_stored_is_pending(house: House) {
    claim(&house, "a", "text", 1, "a.com").await;
    let is_pending = async |name: &str, observed| {
        let ruling = house.store.claims().judge(&made(name, "text", observed, "a.com")).await;
        let ruling = ruling.unwrap();
        assert_eq!(ruling.verdict, verdict(Decision::Duplicate, "a"));
        ruling.is_pending
    };
    assert!(is_pending("a", 2).await && is_pending("a?print", 3).await);
    store(&house, "a", "text", 1).await;
    assert!(!is_pending("a", 4).await && !is_pending("a?print", 5).await);
}

async fn a_released_claim_bars_nothing(house: House) {
    claim(&house, "a", "text", 1, "a.com").await;
    assert_eq!(release(&house, "a", 2).await, 0);
    let other = claim(&house, "a", "text", 3, "a.com").await;
    assert_eq!(other, verdict(Decision::Duplicate, "a"), "another revision was released");
    assert_eq!(release(&house, "a", 1).await, 1);
    assert_eq!(release(&house, "a", 1).await, 0);
    assert_eq!(open(&house).await, []);
    assert_eq!(claim(&house, "a", "text", 4, "a.com").await, NEW);
    release(&house, "a", 4).await;
    assert_eq!(claim(&house, "a?print", "text", 5, "a.com").await, NEW);
}

async fn a_claim_whose_article_is_stored_is_not_released(house: House) {
    claim(&house, "a", "text", 1, "a.com").await;
    store(&house, "a", "text", 1).await;
    assert_eq!(release(&house, "a", 1).await, 0);
    let again = claim(&house, "a", "text", 2, "a.com").await;
    assert_eq!(again, verdict(Decision::Duplicate, "a"));
    assert_eq!(house.store.claims().known(&[id("a")]).await.unwrap(), [true]);
}

async fn a_lost_revision_is_taken_again(house: House) {
    claim(&house, "a", "first", 1, "a.com").await;
    store(&house, "a", "first", 1).await;
    let revised = verdict(Decision::Revision, "a");
    assert_eq!(claim(&house, "a", "second", 3, "a.com").await, revised);
    assert_eq!(claim(&house, "copy", "first", 3, "a.com").await, NEW, "a has another text");
    release(&house, "copy", 3).await;
    assert_eq!(release(&house, "a", 3).await, 1);
    let copy = claim(&house, "copy", "first", 4, "a.com").await;
    assert_eq!(copy, verdict(Decision::Duplicate, "a"), "a has its first text again");
    assert_eq!(claim(&house, "a", "second", 4, "a.com").await, revised);
    release(&house, "a", 4).await;
    assert_eq!(claim(&house, "a", "second", 1, "a.com").await, revised);
}

async fn a_copy_takes_the_place_of_a_lost_article(house: House) {
    claim(&house, "a", "text", 1, "a.com").await;
    let copy = claim(&house, "b", "text", 2, "b.com").await;
    assert_eq!(copy, verdict(Decision::Syndicated, "a"));
    store(&house, "b", "text", 2).await;
    release(&house, "a", 1).await;
    let third = claim(&house, "c", "text", 3, "c.com").await;
    assert_eq!(third, verdict(Decision::Syndicated, "b"));
    let lost = claim(&house, "a", "text", 4, "a.com").await;
    assert_eq!(lost, verdict(Decision::Syndicated, "b"), "it is not barred");
}

async fn a_copy_stays_one_when_it_is_taken_again(house: House) {
    claim(&house, "a", "text", 1, "a.com").await;
    store(&house, "a", "text", 1).await;
    let copy = verdict(Decision::Syndicated, "a");
    assert_eq!(claim(&house, "b", "text", 2, "b.com").await, copy);
    release(&house, "b", 2).await;
    assert_eq!(claim(&house, "b", "text", 3, "b.com").await, copy);
}

async fn a_near_copy_of_a_lost_article_is_let_in(house: House) {
    let near = |name: &str, observed: i64, of: [&str; 2]| {
        let near = of.iter().flat_map(|first| near_to(first, first, true)).collect();
        Claim { near, ..made(name, name, observed, "a.com") }
    };
    claim(&house, "a", "a", 1, "a.com").await;
    let copy = near("b", 2, ["a", "never claimed"]);
    assert_eq!(judged(&house, &copy).await, verdict(Decision::Duplicate, "a"));
    release(&house, "a", 1).await;
    let copy = near("b", 3, ["a", "never claimed"]);
    assert_eq!(judged(&house, &copy).await, NEW, "refused before, and not for ever");
    let next = judged(&house, &near("c", 4, ["a", "b"])).await;
    assert_eq!(next, verdict(Decision::Duplicate, "b"), "b has taken the place of a");
}

async fn a_lost_article_is_not_known(house: House) {
    claim(&house, "a", "text", 1, "a.com").await;
    claim(&house, "a?print", "text", 2, "a.com").await;
    let ids = [id("a"), id("a?print"), id("b")];
    let known = async || house.store.claims().known(&ids).await.unwrap();
    assert_eq!(known().await, [true, true, false]);
    release(&house, "a", 1).await;
    assert_eq!(known().await, [false, false, false]);
    store(&house, "a", "text", 1).await;
    assert_eq!(known().await, [true, true, false]);
}

async fn what_is_stored_without_a_claim_gets_one(house: House) {
    store(&house, "a", "text", 5).await;
    assert_eq!(house.store.claims().known(&[id("a")]).await.unwrap(), [true]);
    let again = claim(&house, "a", "text", 6, "example.com").await;
    assert_eq!(again, verdict(Decision::Duplicate, "a"));
    let alias = claim(&house, "alias", "text", 6, "example.com").await;
    assert_eq!(alias, verdict(Decision::Duplicate, "a"), "it has the site of its address");
    let revised = claim(&house, "a", "next", 7, "example.com").await;
    assert_eq!(revised, verdict(Decision::Revision, "a"));
}

async fn no_revision_is_given_twice(house: House) {
    let mut last = Revision(0);
    for _ in 0..3 {
        let ruling = house.store.claims().judge(&made("a", "text", 9, "a.com")).await.unwrap();
        assert!(ruling.verdict == NEW && ruling.revision > last, "{ruling:?}");
        last = ruling.revision;
        release(&house, "a", last.0).await;
    }
}
