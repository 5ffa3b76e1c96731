use std::collections::BTreeMap;
use std::time::Duration;

use courant_article::{ArticleId, ContentHash, Decision, Revision};
use courant_dedup::{NearArticle, Sketch, text_key};
use courant_store::{Claim, KnownSketch, Verdict};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::conformance;
use crate::house::{House, id};

conformance!(
    the_first_claim_is_new_and_stays_new_when_repeated,
    the_same_text_seen_again_is_a_duplicate,
    a_changed_text_is_a_revision_unless_it_is_older,
    another_url_of_the_same_site_is_a_duplicate,
    another_site_s_copy_is_syndicated,
    a_second_copy_on_the_other_site_is_a_duplicate_of_the_first,
    an_alias_with_a_text_of_its_own_becomes_an_article,
    an_old_text_is_not_a_revision_after_a_newer_sight_of_the_same,
    only_claimed_articles_are_known,
    the_present_claim_on_an_article_is_told,
    a_near_text_is_a_copy_unless_it_is_a_revision,
    a_copy_of_a_copy_has_the_first_of_all,
    a_near_claim_again_gets_the_same_verdict,
    sketches_of_what_was_let_in_are_kept_in_their_order,
    old_sketches_and_those_beyond_the_most_are_forgotten,
    a_text_that_only_an_older_version_had_is_known_no_more,
    revisions_rise_whatever_the_clocks_say,
    a_claim_is_recalled_without_being_made,
    of_concurrent_claims_of_an_article_one_is_new,
    of_concurrent_claims_of_a_text_one_is_new,
    verdicts_are_those_of_a_simple_model,
);

pub(crate) fn made(name: &str, text: &str, revision: i64, site: &str) -> Claim {
    let content_hash = ContentHash::of_normalized(text);
    let (observed, site) = (Revision(revision), site.into());
    Claim { id: id(name), content_hash, observed, site, sketch: None, near: Vec::new() }
}

pub(crate) async fn claim(
    house: &House,
    name: &str,
    text: &str,
    revision: i64,
    site: &str,
) -> Verdict {
    judged(house, &made(name, text, revision, site)).await
}

pub(crate) async fn judged(house: &House, claim: &Claim) -> Verdict {
    house.store.claims().judge(claim).await.unwrap().verdict
}

fn verdict(decision: Decision, of: &str) -> Verdict {
    Verdict { decision, of: Some(id(of)) }
}

const NEW: Verdict = Verdict { decision: Decision::New, of: None };

async fn the_present_claim_on_an_article_is_told(house: House) {
    claim(&house, "a", "text", 1, "a.com").await;
    claim(&house, "a2", "text", 2, "a.com").await;
    claim(&house, "a", "text", 3, "a.com").await;
    let claims = house.store.claims();
    let mut found = claims.fingerprints(&["a", "a2", "b"].map(id)).await.unwrap();
    found.sort_by_key(|(_, claim)| claim.observed);
    let told = found.iter().map(|(id, claim)| (*id, claim.verdict, claim.seen));
    let expected =
        [(id("a"), NEW, Revision(3)), (id("a2"), verdict(Decision::Duplicate, "a"), Revision(2))];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    let claimed = claims.are_claimed(&["b", "a2", "a"].map(id)).await.unwrap();
    assert_eq!(claimed, [false, true, true]);
}

async fn the_first_claim_is_new_and_stays_new_when_repeated(house: House) {
    for _ in 0..3 {
        assert_eq!(claim(&house, "a", "text", 1, "a.com").await, NEW);
    }
    let house = house.reopened().await;
    assert_eq!(claim(&house, "a", "text", 1, "a.com").await, NEW);
}

async fn the_same_text_seen_again_is_a_duplicate(house: House) {
    claim(&house, "a", "text", 5, "a.com").await;
    for revision in [6, 4, 7] {
        let again = claim(&house, "a", "text", revision, "a.com").await;
        assert_eq!(again, verdict(Decision::Duplicate, "a"));
    }
    assert_eq!(claim(&house, "a", "text", 5, "a.com").await, NEW, "a redelivery");
}

async fn a_changed_text_is_a_revision_unless_it_is_older(house: House) {
    claim(&house, "a", "first", 5, "a.com").await;
    for _ in 0..2 {
        let changed = claim(&house, "a", "second", 6, "a.com").await;
        assert_eq!(changed, verdict(Decision::Revision, "a"));
    }
    let late = claim(&house, "a", "third", 5, "a.com").await;
    assert_eq!(late, verdict(Decision::Duplicate, "a"));
    let same_moment = claim(&house, "a", "third", 6, "a.com").await;
    assert_eq!(same_moment, verdict(Decision::Revision, "a"));
    let back = claim(&house, "a", "first", 7, "a.com").await;
    assert_eq!(back, verdict(Decision::Revision, "a"), "a text may come back");
}

async fn another_url_of_the_same_site_is_a_duplicate(house: House) {
    claim(&house, "a", "text", 1, "a.com").await;
    for _ in 0..2 {
        let alias = claim(&house, "a?print", "text", 2, "a.com").await;
        assert_eq!(alias, verdict(Decision::Duplicate, "a"));
    }
    assert_eq!(house.store.claims().known(&[id("a?print")]).await.unwrap(), [true]);
}

async fn another_site_s_copy_is_syndicated(house: House) {
    claim(&house, "a", "text", 1, "a.com").await;
    for _ in 0..2 {
        let copy = claim(&house, "b", "text", 2, "b.com").await;
        assert_eq!(copy, verdict(Decision::Syndicated, "a"));
    }
    let third = claim(&house, "c", "text", 3, "c.com").await;
    assert_eq!(third, verdict(Decision::Syndicated, "a"), "the first of the cluster");
    let again = claim(&house, "b", "text", 4, "b.com").await;
    assert_eq!(again, verdict(Decision::Duplicate, "a"));
    let revised = claim(&house, "b", "own text", 5, "b.com").await;
    assert_eq!(revised, verdict(Decision::Revision, "b"));
}

async fn a_second_copy_on_the_other_site_is_a_duplicate_of_the_first(house: House) {
    claim(&house, "a", "text", 1, "a.com").await;
    claim(&house, "b", "text", 2, "b.com").await;
    let second = claim(&house, "b?print", "text", 3, "b.com").await;
    assert_eq!(second, verdict(Decision::Duplicate, "a"));
}

async fn an_alias_with_a_text_of_its_own_becomes_an_article(house: House) {
    claim(&house, "a", "text", 1, "a.com").await;
    claim(&house, "alias", "text", 2, "a.com").await;
    assert_eq!(claim(&house, "alias", "own text", 1, "a.com").await, NEW, "nothing is older");
    let revised = claim(&house, "alias", "next text", 4, "a.com").await;
    assert_eq!(revised, verdict(Decision::Revision, "alias"));
}

async fn an_old_text_is_not_a_revision_after_a_newer_sight_of_the_same(house: House) {
    claim(&house, "a", "text", 1, "a.com").await;
    claim(&house, "a", "text", 9, "a.com").await;
    let between = claim(&house, "a", "withdrawn text", 5, "a.com").await;
    assert_eq!(between, verdict(Decision::Duplicate, "a"));
}

async fn only_claimed_articles_are_known(house: House) {
    claim(&house, "b", "text", 1, "a.com").await;
    let asked = [id("a"), id("b"), id("c"), id("b")];
    assert_eq!(house.store.claims().known(&asked).await.unwrap(), [false, true, false, true]);
}

/// The index found a text near to `text` of the article `name`.
pub(crate) fn near_to(name: &str, text: &str, on_this_site: bool) -> Vec<NearArticle> {
    let text = text_key(&ContentHash::of_normalized(text));
    vec![NearArticle { id: id(name), text, on_this_site }]
}

/// A claim of a text of its own, near to `text` of the article `first`.
fn near(name: &str, revision: i64, site: &str, (first, text): (&str, &str)) -> Claim {
    let near = near_to(first, text, site == "a.com" || name.contains('?'));
    Claim { near, ..made(name, &format!("{name} {revision}"), revision, site) }
}

async fn a_near_text_is_a_copy_unless_it_is_a_revision(house: House) {
    claim(&house, "a", "text", 1, "a.com").await;
    let print = judged(&house, &near("a?print", 2, "a.com", ("a", "text"))).await;
    assert_eq!(print, verdict(Decision::Duplicate, "a"));
    let copy = judged(&house, &near("b", 3, "b.com", ("a", "text"))).await;
    assert_eq!(copy, verdict(Decision::Syndicated, "a"));
    let revised = judged(&house, &near("a", 4, "a.com", ("b", "b 3"))).await;
    assert_eq!(revised, verdict(Decision::Revision, "a"), "never dropped");
    let revised = judged(&house, &near("b", 5, "b.com", ("a", "a 4"))).await;
    assert_eq!(revised, verdict(Decision::Revision, "b"));
    let early = judged(&house, &near("c?", 6, "c.com", ("not claimed", "text"))).await;
    assert_eq!(early, NEW, "nothing is known of the other");
}

async fn a_text_that_only_an_older_version_had_is_known_no_more(house: House) {
    claim(&house, "a", "first", 1, "a.com").await;
    claim(&house, "a", "second", 2, "a.com").await;
    assert_eq!(claim(&house, "archive", "first", 3, "a.com").await, NEW);
    let copy = claim(&house, "b", "first", 4, "b.com").await;
    assert_eq!(copy, verdict(Decision::Syndicated, "archive"));
    let near_first = near("print", 5, "a.com", ("a", "first"));
    assert_eq!(judged(&house, &near_first).await, NEW);
    let near_second = near("print?2", 6, "a.com", ("a", "second"));
    assert_eq!(judged(&house, &near_second).await, verdict(Decision::Duplicate, "a"));
}

async fn revisions_rise_whatever_the_clocks_say(house: House) {
    let claims = house.store.claims();
    let now = house.clock.unix_ms();
    let ahead = claims.judge(&made("a", "first", now + 86_400_000, "a.com")).await.unwrap();
    assert_eq!((ahead.verdict, ahead.revision), (NEW, Revision(now)), "a time ahead is now");
    house.clock.advance(Duration::from_secs(86_400));
    let tomorrow = house.clock.unix_ms();
    let second = claims.judge(&made("a", "second", tomorrow, "a.com")).await.unwrap();
    assert_eq!(second.revision, Revision(tomorrow));
    house.clock.set(now);
    let back = claims.judge(&made("a", "third", now, "a.com")).await.unwrap();
    assert_eq!(back.verdict, verdict(Decision::Revision, "a"), "the clock was set back");
    assert_eq!(back.revision, Revision(tomorrow + 1));
    let again = claims.judge(&made("a", "third", now, "a.com")).await.unwrap();
    assert_eq!((again.verdict, again.revision), (back.verdict, back.revision));
    assert!(again.is_repeated && !back.is_repeated);
    let same_moment = claims.judge(&made("a", "fourth", now, "a.com")).await.unwrap();
    assert_eq!(same_moment.revision, Revision(tomorrow + 2));
    let stale = claims.judge(&made("a", "fifth", now - 1, "a.com")).await.unwrap();
    assert_eq!(stale.verdict, verdict(Decision::Duplicate, "a"));
}

async fn a_claim_is_recalled_without_being_made(house: House) {
    let claims = house.store.claims();
    let first = made("a", "text", 1, "a.com");
    assert_eq!(claims.recall(&first).await.unwrap(), None);
    claims.judge(&first).await.unwrap();
    let recalled = claims.recall(&first).await.unwrap().unwrap();
    assert_eq!((recalled.verdict, recalled.revision), (NEW, Revision(1)));
    let alias = made("alias", "text", 2, "a.com");
    assert_eq!(claims.recall(&alias).await.unwrap(), None);
    claims.judge(&alias).await.unwrap();
    let recalled = claims.recall(&alias).await.unwrap().unwrap();
    assert_eq!(recalled.verdict, verdict(Decision::Duplicate, "a"));
    let seen_again = claims.recall(&made("a", "text", 3, "a.com")).await.unwrap().unwrap();
    assert_eq!(seen_again.verdict, verdict(Decision::Duplicate, "a"));
}

async fn a_copy_of_a_copy_has_the_first_of_all(house: House) {
    claim(&house, "a", "text", 1, "a.com").await;
    judged(&house, &near("b", 2, "b.com", ("a", "text"))).await;
    let third = judged(&house, &near("c", 3, "c.com", ("b", "b 2"))).await;
    assert_eq!(third, verdict(Decision::Syndicated, "a"));
    let exact = claim(&house, "d", "c 3", 4, "d.com").await;
    assert_eq!(exact, verdict(Decision::Syndicated, "a"), "the text of c, letter by letter");
    let on_site = near("d?print", 5, "d.com", ("c", "c 3"));
    let on_site = Claim { content_hash: ContentHash::of_normalized("text"), ..on_site };
    let on_site = judged(&house, &on_site).await;
    assert_eq!(on_site, verdict(Decision::Duplicate, "a"), "the text of a, near to one on d.com");
}

async fn a_near_claim_again_gets_the_same_verdict(house: House) {
    claim(&house, "a", "text", 1, "a.com").await;
    let copy = near("b", 2, "b.com", ("a", "text"));
    for _ in 0..2 {
        assert_eq!(judged(&house, &copy).await, verdict(Decision::Syndicated, "a"));
    }
    let forgotten = Claim { near: Vec::new(), ..copy };
    let after_a_crash = judged(&house, &forgotten).await;
    assert_eq!(after_a_crash, verdict(Decision::Syndicated, "a"));
}

fn sketch(number: u32) -> Sketch {
    let words: String = (0..40).map(|word| format!("word{word}of{number} ")).collect();
    Sketch::of(&words, 1).unwrap()
}

/// Lets in articles named by their numbers, with sketches.
async fn sketched(house: &House, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let name = number.to_string();
        let claim = made(&name, &name, 1, "a.com");
        let claim = Claim { sketch: Some(sketch(number)), ..claim };
        assert_eq!(judged(house, &claim).await, NEW);
    }
}

async fn known_sketches(house: &House) -> Vec<KnownSketch> {
    house.store.claims().sketches(0, 100).await.unwrap()
}

async fn sketches_of_what_was_let_in_are_kept_in_their_order(house: House) {
    sketched(&house, 0..5).await;
    let refused = near("0?print", 2, "a.com", ("0", "0"));
    judged(&house, &Claim { sketch: Some(sketch(9)), ..refused }).await;
    let revised = Claim { sketch: Some(sketch(7)), ..made("0", "changed", 2, "a.com") };
    judged(&house, &revised).await;
    let house = house.reopened().await;
    let known = known_sketches(&house).await;
    let read: Vec<_> = known.iter().map(|known| (known.id, known.sketch.clone())).collect();
    // That of the text which 0 had before is not one of them.
    let expected = [(1, 1), (2, 2), (3, 3), (4, 4), (0, 7)]
        .map(|(name, number): (u32, u32)| (id(&name.to_string()), Some(sketch(number))));
    assert_eq!(read, expected);
    assert!(known.iter().all(|known| known.site == "a.com" && known.claimed_at_ms > 0));
    let rest = house.store.claims().sketches(known[2].number, 2).await.unwrap();
    assert_eq!(rest, known[3..5]);
}

async fn old_sketches_and_those_beyond_the_most_are_forgotten(house: House) {
    sketched(&house, 0..5).await;
    let now_ms = known_sketches(&house).await[0].claimed_at_ms;
    house.store.claims().forget_sketches(now_ms, 3).await.unwrap();
    let left = known_sketches(&house).await;
    assert_eq!(left.iter().map(|known| known.id).collect::<Vec<_>>(), ["2", "3", "4"].map(id));
    house.store.claims().forget_sketches(now_ms + 1, 3).await.unwrap();
    assert_eq!(known_sketches(&house).await, []);
    sketched(&house, 5..6).await;
    assert_eq!(known_sketches(&house).await.len(), 1);
}

/// Claims at the same moment, through two handles where the back end is shared.
async fn at_once(house: &House, claims: Vec<Claim>) -> Vec<Decision> {
    let other = house.open_another().await.unwrap_or_else(|_| house.store.clone());
    let start = std::sync::Arc::new(tokio::sync::Barrier::new(claims.len()));
    let tasks: Vec<_> = claims
        .into_iter()
        .enumerate()
        .map(|(n, claim)| {
            let store = if n % 2 == 0 { house.store.clone() } else { other.clone() };
            let start = start.clone();
            tokio::spawn(async move {
                start.wait().await;
                store.claims().judge(&claim).await.unwrap().verdict.decision
            })
        })
        .collect();
    let mut decisions = Vec::new();
    for task in tasks {
        decisions.push(task.await.unwrap());
    }
    decisions
}

fn count(decisions: &[Decision], wanted: Decision) -> usize {
    decisions.iter().filter(|decision| **decision == wanted).count()
}

async fn of_concurrent_claims_of_an_article_one_is_new(house: House) {
    for round in 0..5 {
        let name = round.to_string();
        let claims = (1..=24).map(|revision| made(&name, &name, revision, "a.com")).collect();
        let decisions = at_once(&house, claims).await;
        assert_eq!(count(&decisions, Decision::New), 1, "{decisions:?}");
        assert_eq!(count(&decisions, Decision::Duplicate), 23, "{decisions:?}");
    }
}

async fn of_concurrent_claims_of_a_text_one_is_new(house: House) {
    let claims = |name: &str, sites: usize| {
        (0..24)
            .map(|n| made(&format!("{name}{n}"), name, 1, &format!("{}.com", n % sites)))
            .collect()
    };
    let same_site = at_once(&house, claims("x", 1)).await;
    assert_eq!(count(&same_site, Decision::New), 1, "{same_site:?}");
    assert_eq!(count(&same_site, Decision::Duplicate), 23, "{same_site:?}");
    let many_sites = at_once(&house, claims("y", 24)).await;
    assert_eq!(count(&many_sites, Decision::New), 1, "{many_sites:?}");
    assert_eq!(count(&many_sites, Decision::Syndicated), 23, "{many_sites:?}");
}

/// The rule once more, read off the whole history of claims.
#[derive(Default)]
struct Model {
    round: usize,
    /// The newest observation of each article that counts.
    seen: BTreeMap<ArticleId, Revision>,
    /// Those that changed what is known, with their verdicts.
    recorded: Vec<(Claim, Verdict)>,
}

impl Model {
    fn claim(&mut self, claim: &Claim) -> Verdict {
        let (verdict, is_recorded) = self.judge(claim);
        let seen = self.seen.entry(claim.id).or_insert(claim.observed);
        *seen = claim.observed.max(*seen);
        if is_recorded {
            *seen = claim.observed;
            self.recorded.push((claim.clone(), verdict));
        }
        verdict
    }

    fn judge(&self, claim: &Claim) -> (Verdict, bool) {
        let duplicate = |of| Verdict { decision: Decision::Duplicate, of: Some(of) };
        let Some((last, before)) = self.last(claim.id) else {
            return (self.by_text(claim), true);
        };
        if before.decision == Decision::Duplicate {
            return (self.by_text(claim), true);
        }
        if last == claim {
            return (*before, false);
        }
        if last.content_hash == claim.content_hash {
            return (duplicate(self.first(claim.id)), false);
        }
        if claim.observed < self.seen[&claim.id] {
            return (duplicate(claim.id), false);
        }
        (Verdict { decision: Decision::Revision, of: Some(claim.id) }, true)
    }

    fn last(&self, id: ArticleId) -> Option<&(Claim, Verdict)> {
        self.recorded.iter().rfind(|(c, _)| c.id == id)
    }

    fn by_text(&self, claim: &Claim) -> Verdict {
        let others = (0..6).map(|article| id(&format!("{}/{article}", self.round)));
        let has_text = |id: &ArticleId| {
            let last = self.last(*id).filter(|(_, verdict)| verdict.decision.is_accepted());
            last.is_some_and(|(c, _)| *id != claim.id && c.content_hash == claim.content_hash)
        };
        let holders: Vec<ArticleId> = others.filter(has_text).collect();
        let on_site = |id: &&ArticleId| self.last(**id).unwrap().0.site == claim.site;
        let place = |id: &&ArticleId| {
            let at = self.recorded.iter().rposition(|(c, _)| c.id == **id);
            (!on_site(id), at)
        };
        let Some(holder) = holders.iter().min_by_key(place) else { return NEW };
        let first = self.first(*holder);
        if first == claim.id {
            return NEW;
        }
        let is_on_site = holders.iter().any(|id| on_site(&id));
        let decision = if is_on_site { Decision::Duplicate } else { Decision::Syndicated };
        Verdict { decision, of: Some(first) }
    }

    fn first(&self, id: ArticleId) -> ArticleId {
        let copied = self.last(id).filter(|(_, verdict)| verdict.decision == Decision::Syndicated);
        copied.and_then(|(_, verdict)| verdict.of).map_or(id, |of| self.first(of))
    }
}

/// Few articles, texts and revisions, so that everything meets everything.
fn any_claim(round: usize) -> impl Strategy<Value = Claim> {
    (0..6_u8, 0..4_u8, 1..8_i64).prop_map(move |(article, text, revision)| {
        let site = format!("{}.com", article % 3);
        made(&format!("{round}/{article}"), &format!("{round} {text}"), revision, &site)
    })
}

async fn verdicts_are_those_of_a_simple_model(house: House) {
    let mut runner = TestRunner::deterministic();
    for round in 0..20 {
        let claims = proptest::collection::vec(any_claim(round), 40);
        let claims = claims.new_tree(&mut runner).unwrap().current();
        let mut model = Model { round, ..Model::default() };
        for (place, claim) in claims.iter().enumerate() {
            // One moment each: of equal ones, the store knows no order.
            house.clock.advance(Duration::from_millis(1));
            let found = judged(&house, claim).await;
            assert_eq!(found, model.claim(claim), "claim {place} of {claims:#?}");
        }
    }
}
