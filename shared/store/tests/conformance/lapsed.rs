//! Claims whose articles are not stored.

use std::time::Duration;

use courant_article::{Decision, Revision};
use courant_dedup::Near;
use courant_store::{Claim, Verdict};

use crate::claims::{claim, made};
use crate::conformance;
use crate::house::{House, id, record, revised};

conformance!(
    an_article_that_was_not_stored_is_taken_again_after_a_while,
    an_article_that_was_stored_is_a_duplicate_for_ever,
    a_released_claim_bars_nothing_at_once,
    a_claim_whose_article_is_stored_is_not_released,
    a_lost_revision_is_taken_again,
    a_copy_takes_the_place_of_a_lost_article,
    copies_wait_longer_than_the_article_itself,
    a_copy_stays_one_when_it_is_taken_again,
    a_near_copy_of_a_lost_article_is_let_in,
    a_copy_of_what_is_never_claimed_is_let_in_after_a_day,
    a_lost_article_is_not_known,
);

const A_WHILE: Duration = Duration::from_secs(15 * 60);
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);
const NEW: Verdict = Verdict { decision: Decision::New, of: None };

fn verdict(decision: Decision, of: &str) -> Verdict {
    Verdict { decision, of: Some(id(of)) }
}

async fn store(house: &House, name: &str, text: &str, revision: i64) {
    let article = record(name, "Title", text, [1.0, 0.0, 0.0, 0.0]);
    house.put(&[revised(article, revision, text)]).await;
}

async fn release(house: &House, name: &str, revision: i64) {
    house.store.claims().release(id(name), Revision(revision)).await.unwrap();
}

async fn an_article_that_was_not_stored_is_taken_again_after_a_while(house: House) {
    claim(&house, "a", "text", 1, "a.com").await;
    house.clock.advance(A_WHILE - Duration::from_millis(1));
    let in_flight = claim(&house, "a", "text", 2, "a.com").await;
    assert_eq!(in_flight, verdict(Decision::Duplicate, "a"));
    house.clock.advance(Duration::from_millis(1));
    for revision in [3, 3] {
        assert_eq!(claim(&house, "a", "text", revision, "a.com").await, NEW);
    }
    let in_flight = claim(&house, "a", "text", 4, "a.com").await;
    assert_eq!(in_flight, verdict(Decision::Duplicate, "a"), "the claim is young again");
    store(&house, "a", "text", 3).await;
    house.clock.advance(A_DAY);
    let stored = claim(&house, "a", "text", 5, "a.com").await;
    assert_eq!(stored, verdict(Decision::Duplicate, "a"));
}

async fn an_article_that_was_stored_is_a_duplicate_for_ever(house: House) {
    claim(&house, "a", "text", 1, "a.com").await;
    store(&house, "a", "text", 1).await;
    house.clock.advance(365 * A_DAY);
    for (name, site) in [("a", "a.com"), ("a?print", "a.com")] {
        let again = claim(&house, name, "text", 2, site).await;
        assert_eq!(again, verdict(Decision::Duplicate, "a"));
    }
    let copy = claim(&house, "b", "text", 3, "b.com").await;
    assert_eq!(copy, verdict(Decision::Syndicated, "a"));
}

async fn a_released_claim_bars_nothing_at_once(house: House) {
    claim(&house, "a", "text", 1, "a.com").await;
    release(&house, "a", 2).await;
    let other = claim(&house, "a", "text", 3, "a.com").await;
    assert_eq!(other, verdict(Decision::Duplicate, "a"), "another revision was released");
    release(&house, "a", 1).await;
    assert_eq!(claim(&house, "a", "text", 4, "a.com").await, NEW);
    release(&house, "a", 4).await;
    assert_eq!(claim(&house, "a?print", "text", 5, "a.com").await, NEW);
}

async fn a_claim_whose_article_is_stored_is_not_released(house: House) {
    claim(&house, "a", "text", 1, "a.com").await;
    release(&house, "a", 1).await;
    store(&house, "a", "text", 1).await;
    let replayed = claim(&house, "a", "text", 2, "a.com").await;
    assert_eq!(replayed, verdict(Decision::Duplicate, "a"));
    assert_eq!(house.store.claims().known(&[id("a")]).await.unwrap(), [true]);
}

async fn a_lost_revision_is_taken_again(house: House) {
    claim(&house, "a", "first", 1, "a.com").await;
    store(&house, "a", "first", 1).await;
    let revised = verdict(Decision::Revision, "a");
    assert_eq!(claim(&house, "a", "second", 3, "a.com").await, revised);
    release(&house, "a", 3).await;
    assert_eq!(claim(&house, "a", "second", 4, "a.com").await, revised);
    release(&house, "a", 4).await;
    let stale = claim(&house, "a", "second", 1, "a.com").await;
    assert_eq!(stale, verdict(Decision::Duplicate, "a"), "as old as what is stored");
    assert_eq!(claim(&house, "a", "third", 2, "a.com").await, revised);
}

async fn a_copy_takes_the_place_of_a_lost_article(house: House) {
    claim(&house, "a", "text", 1, "a.com").await;
    release(&house, "a", 1).await;
    assert_eq!(claim(&house, "b", "text", 2, "b.com").await, NEW);
    store(&house, "b", "text", 2).await;
    let third = claim(&house, "c", "text", 3, "c.com").await;
    assert_eq!(third, verdict(Decision::Syndicated, "b"));
    let lost = claim(&house, "a", "text", 4, "a.com").await;
    assert_eq!(lost, verdict(Decision::Syndicated, "b"), "it is not barred");
}

async fn copies_wait_longer_than_the_article_itself(house: House) {
    claim(&house, "a", "text", 1, "a.com").await;
    house.clock.advance(A_DAY - Duration::from_millis(1));
    let alias = claim(&house, "a?print", "text", 2, "a.com").await;
    assert_eq!(alias, verdict(Decision::Duplicate, "a"), "the queues may be long");
    house.clock.advance(Duration::from_millis(1));
    assert_eq!(claim(&house, "a?print", "text", 3, "a.com").await, NEW);
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
    let near = |name: &str, revision: i64, first: &str| {
        let near = Some(Near { first: id(first), on_this_site: true });
        Claim { near, ..made(name, name, revision, "a.com") }
    };
    let judge = async |claim: Claim| house.store.claims().judge(&claim).await.unwrap();
    judge(made("a", "a", 1, "a.com")).await;
    assert_eq!(judge(near("b", 2, "a")).await, verdict(Decision::Duplicate, "a"));
    release(&house, "a", 1).await;
    assert_eq!(judge(near("b", 3, "a")).await, NEW, "refused before, and not for ever");
    let next = judge(near("c", 4, "a")).await;
    assert_eq!(next, verdict(Decision::Duplicate, "b"), "b has taken the place of a");
}

async fn a_copy_of_what_is_never_claimed_is_let_in_after_a_day(house: House) {
    let near = Some(Near { first: id("never"), on_this_site: true });
    let judge = async |revision| {
        let claim = Claim { near, ..made("a", "text", revision, "a.com") };
        house.store.claims().judge(&claim).await.unwrap()
    };
    assert_eq!(judge(1).await, verdict(Decision::Duplicate, "never"));
    assert_eq!(judge(2).await, verdict(Decision::Duplicate, "never"));
    house.clock.advance(A_DAY);
    assert_eq!(judge(3).await, NEW);
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
