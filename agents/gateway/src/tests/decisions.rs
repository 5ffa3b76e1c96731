//! The decisions on entries.

use courant_article::Article;
use courant_bus::{Delivery, Failure, Stage};
use courant_dedup::Sketch;
use courant_store::Claim;
use futures::FutureExt;

use super::*;

const A: &str = "https://news.example.com/bridge";

/// Submits `entry`, and returns the decision on it.
async fn decision(
    house: &House,
    decisions: &mut Subscription<v1::EntryDecided>,
    entry: Entry,
) -> v1::EntryDecided {
    let name = entry.submission_id.clone();
    house.submit(entry).await;
    let decided = soon(decisions.next()).await.unwrap();
    assert_eq!(decided.submission_id, name);
    decided
}

fn accepted(delivery: &Delivery) -> Article {
    let message: v1::ArticleAccepted = delivery.decode().unwrap();
    message.article.unwrap().try_into().unwrap()
}

#[tokio::test]
async fn identity_decides_and_only_what_is_let_in_goes_on() {
    let house = House::new().await.open();
    let mut decisions = house.decisions().await;
    let mut outlet = house.bus.consume(Stage::EMBEDDER, 8).await.unwrap();
    let id = ArticleId::of(&canonicalize(A).unwrap()).to_string();

    let new = decision(&house, &mut decisions, entry("1", A, BRIDGE, NOW_MS)).await;
    assert_eq!(
        (new.decision(), new.article_id, new.of),
        (v1::Decision::New, id.clone(), String::new())
    );

    let tracked = format!("{A}?utm_source=mail");
    let again = decision(&house, &mut decisions, entry("2", &tracked, BRIDGE, NOW_MS + 1)).await;
    assert_eq!((again.decision(), again.of), (v1::Decision::Duplicate, id.clone()));

    let changed = decision(&house, &mut decisions, entry("3", A, HARVEST, NOW_MS + 2)).await;
    assert_eq!((changed.decision(), changed.article_id), (v1::Decision::Revision, id.clone()));

    let copy = entry("4", "https://other.example.org/x", HARVEST, NOW_MS + 3);
    let copy = decision(&house, &mut decisions, copy).await;
    assert_eq!((copy.decision(), copy.of), (v1::Decision::Syndicated, id.clone()));

    let short = decision(&house, &mut decisions, entry("5", A, "Too short.", NOW_MS + 4)).await;
    assert_eq!(short.decision(), v1::Decision::Refused);
    assert!(short.reason.contains("2 words"), "{}", short.reason);

    let mut let_in = Vec::new();
    for _ in 0..3 {
        let delivery = soon(outlet.next()).await.unwrap();
        let_in.push(accepted(&delivery));
        delivery.settle(Ok(())).await;
    }
    let_in.sort_by_key(|article| article.submission_id.clone());
    let names: Vec<_> = let_in.iter().map(|article| article.submission_id.as_str()).collect();
    assert_eq!(names, ["1", "3", "4"]);
    assert_eq!(let_in[2].syndicated_of.map(|of| of.to_string()), Some(id));
    assert!(outlet.next().now_or_never().is_none());

    let metrics = house.meters.render().unwrap();
    for expected in [
        "courant_entries_total{decision=\"new\"} 1",
        "courant_entries_total{decision=\"refused\"} 1",
        "courant_stage_duration_seconds_count{agent=\"gateway\",stage=\"decide\"} 5",
        "courant_messages_total{agent=\"gateway\"",
    ] {
        assert!(metrics.contains(expected), "{expected} is not in\n{metrics}");
    }
    house.close().await;
}

fn claim_of(text: &str) -> Claim {
    Claim {
        id: ArticleId::of(&canonicalize(A).unwrap()),
        content_hash: content_hash(text),
        observed: Revision(NOW_MS),
        site: "example.com".into(),
        sketch: Sketch::of(text, 100),
        near: Vec::new(),
    }
}

#[tokio::test]
async fn after_a_crash_between_claim_and_publication_the_article_is_published() {
    let house = House::new().await;
    let claim = claim_of(BRIDGE);
    house.store.claims().judge(&claim).await.unwrap();
    house.submit(entry("1", A, BRIDGE, NOW_MS)).await;

    let mut decisions = house.decisions().await;
    let house = house.open();
    let mut outlet = house.bus.consume(Stage::EMBEDDER, 8).await.unwrap();
    let decided = soon(decisions.next()).await.unwrap();
    assert_eq!(decided.decision(), v1::Decision::New);
    let article = accepted(&soon(outlet.next()).await.unwrap());
    assert_eq!(article.id, claim.id);
    house.close().await;
}

/// Waits until metrics say so.
async fn until(house: &House, expected: &str) {
    soon(async {
        while !house.meters.render().unwrap().contains(expected) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_claim_that_no_queue_holds_bars_nothing_from_the_start() {
    let house = House::new().await;
    house.store.claims().judge(&claim_of(BRIDGE)).await.unwrap();
    house.submit(entry("1", "https://news.example.com/print", BRIDGE, NOW_MS + 1)).await;
    let mut decisions = house.decisions().await;
    let house = house.open();
    assert_eq!(soon(decisions.next()).await.unwrap().decision(), v1::Decision::New);
    until(&house, "courant_claims_released_total 1").await;
    house.close().await;
}

#[tokio::test]
async fn an_article_lost_on_its_way_is_let_in_when_it_comes_again() {
    let house = House::new().await.open();
    let mut decisions = house.decisions().await;
    let mut outlet = house.bus.consume(Stage::EMBEDDER, 1).await.unwrap();
    decision(&house, &mut decisions, entry("1", A, BRIDGE, NOW_MS)).await;
    until(&house, "courant_claims_open 1").await;
    let waiting = decision(&house, &mut decisions, entry("2", A, BRIDGE, NOW_MS + 1)).await;
    assert_eq!(waiting.decision(), v1::Decision::Duplicate, "it is on its way");
    // It is acknowledged, and nobody publishes what would follow: the queue has lost it.
    soon(outlet.next()).await.unwrap().settle(Ok(())).await;
    let again = decision(&house, &mut decisions, entry("3", A, BRIDGE, NOW_MS + 2)).await;
    assert_eq!(again.decision(), v1::Decision::New);
    house.close().await;
}

#[tokio::test]
async fn a_store_that_forgot_a_claim_does_not_lose_the_article_to_the_bus() {
    let house = House::new().await;
    let claims = house.store.claims();
    let first = claims.judge(&claim_of(BRIDGE)).await.unwrap();
    // The bus remembers its message; the article is settled, and then the store goes back.
    let hash = content_hash(BRIDGE).to_string();
    let id = MessageId::article(&claim_of(BRIDGE).id, first.revision, "accepted", &hash);
    let before = v1::ArticleAccepted::default();
    house.bus.offer(Subject::ARTICLE_ACCEPTED, &id, &before).await.unwrap();
    let mut outlet = house.bus.consume(Stage::EMBEDDER, 1).await.unwrap();
    soon(outlet.next()).await.unwrap().settle(Ok(())).await;
    let forgetful = House::new().await;
    let Ok(gateway) = Gateway::build(
        Config::default(),
        house.bus.clone(),
        forgetful.search.clone(),
        Cache::memory(&courant_cache::Config::default(), &house.meters.meter()),
        house.clock.clone(),
        &house.meters.meter(),
    ) else {
        panic!("the gateway is not built");
    };
    let house = House { gateway: Arc::new(gateway), ..house }.open();
    house.submit(entry("1", A, BRIDGE, NOW_MS)).await;
    let article = accepted(&soon(outlet.next()).await.unwrap());
    assert_eq!(article.revision, Revision(first.revision.0 + 1));
    house.close().await;
}

#[tokio::test]
async fn what_makes_no_sense_becomes_a_dead_letter_with_its_reason() {
    let house = House::new().await.open();
    let nameless = v1::Entry { url: A.into(), text: BRIDGE.into(), ..v1::Entry::default() };
    house.bus.offer(Subject::ENTRY_SUBMITTED, &MessageId::new("x"), &nameless).await.unwrap();
    let letters = soon(async {
        loop {
            let letters = house.bus.dead_letters(10).await.unwrap();
            if !letters.is_empty() {
                break letters;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    let letters = letters.await;
    assert_eq!(letters.len(), 1);
    assert!(letters[0].error.contains("submission_id"), "{}", letters[0].error);
    house.close().await;
}

#[tokio::test]
async fn an_article_whose_message_became_a_dead_letter_is_let_in_again() {
    let house = House::new().await.open();
    let mut decisions = house.decisions().await;
    let mut outlet = house.bus.consume(Stage::EMBEDDER, 1).await.unwrap();
    let first = decision(&house, &mut decisions, entry("1", A, BRIDGE, NOW_MS)).await;
    assert_eq!(first.decision(), v1::Decision::New);
    let again = decision(&house, &mut decisions, entry("2", A, BRIDGE, NOW_MS + 1)).await;
    assert_eq!(again.decision(), v1::Decision::Duplicate);
    let hopeless = Failure::discard(anyhow::anyhow!("no encoder takes it"));
    soon(outlet.next()).await.unwrap().settle(Err(hopeless)).await;
    let released = "courant_bus_settled_total{outcome=\"acknowledged\",stage=\"gateway-claims\"} 1";
    until(&house, released).await;
    let third = decision(&house, &mut decisions, entry("3", A, BRIDGE, NOW_MS + 2)).await;
    assert_eq!(third.decision(), v1::Decision::New);
    house.close().await;
}

#[tokio::test]
async fn known_urls_are_told_apart_from_others() {
    let house = House::new().await.open();
    let mut decisions = house.decisions().await;
    decision(&house, &mut decisions, entry("1", A, BRIDGE, NOW_MS)).await;
    let other = "https://news.example.com/other";
    let question = v1::KnownRequest {
        urls: vec![format!("{A}#top"), "not a url".into(), other.into(), A.into()],
    };
    let asking = house.bus.request(Subject::REQUEST_KNOWN, &question, DEADLINE);
    let reply: v1::KnownReply = asking.await.unwrap();
    assert_eq!((reply.known, reply.error.as_str()), (vec![true, false, false, true], ""));
    decision(&house, &mut decisions, entry("2", other, HARVEST, NOW_MS)).await;
    let asking = house.bus.request(Subject::REQUEST_KNOWN, &question, DEADLINE);
    let reply: v1::KnownReply = asking.await.unwrap();
    assert_eq!(reply.known, [true, false, true, true]);
    house.close().await;
}

#[tokio::test]
async fn what_did_not_happen_yet_is_counted_as_zero() {
    let house = House::new().await;
    let metrics = house.meters.render().unwrap();
    let decisions = courant_article::Decision::ALL
        .map(|decision| format!("courant_entries_total{{decision=\"{}\"}} 0", decision.as_str()));
    let searches = "courant_searches_degraded_total 0".to_owned();
    for expected in decisions.into_iter().chain([searches]) {
        assert!(metrics.contains(&expected), "{expected} is not in\n{metrics}");
    }
}

#[tokio::test]
async fn near_copies_are_refused_or_linked_and_updates_let_in() {
    let house = House::new().await.open();
    let mut decisions = house.decisions().await;
    let first = ArticleId::of(&canonicalize(A).unwrap()).to_string();
    let mut now_ms = NOW_MS;
    let mut next = async |url: &str, text: String| {
        now_ms += 1;
        let told = entry(&now_ms.to_string(), url, &text, now_ms);
        let told = decision(&house, &mut decisions, told).await;
        (told.decision(), told.of)
    };
    let none = String::new();
    assert_eq!(next(A, words(0..200)).await, (v1::Decision::New, none.clone()));
    let print = next("https://news.example.com/print/bridge", words(0..180)).await;
    assert_eq!(print, (v1::Decision::Duplicate, first.clone()));
    let copy = next("https://other.example.org/x", words(10..230)).await;
    assert_eq!(copy, (v1::Decision::Syndicated, first.clone()));
    assert_eq!(next(A, words(0..210)).await, (v1::Decision::Revision, none.clone()));
    let revised = next("https://other.example.org/x", words(10..240)).await;
    assert_eq!(revised, (v1::Decision::Revision, none.clone()));
    let other = next("https://news.example.com/other", words(1000..1200)).await;
    assert_eq!(other, (v1::Decision::New, none));
    let metrics = house.meters.render().unwrap();
    for expected in ["stage=\"near\"} 6", "courant_near_index_articles 5"] {
        assert!(metrics.contains(expected), "{expected} is not in\n{metrics}");
    }
    house.close().await;
}

#[tokio::test]
async fn a_restarted_gateway_knows_the_texts_of_before() {
    let house = House::new().await;
    let claim = claim_of(&words(0..200));
    house.store.claims().judge(&claim).await.unwrap();
    house.has_stored(A, "Words", &words(0..200), [1.0, 0.0, 0.0]).await;

    let house = house.open();
    let mut decisions = house.decisions().await;
    let copy = entry("1", "https://other.example.org/x", &words(5..200), NOW_MS);
    let copy = decision(&house, &mut decisions, copy).await;
    assert_eq!((copy.decision(), copy.of), (v1::Decision::Syndicated, claim.id.to_string()));
    house.close().await;
}

#[tokio::test]
async fn a_print_view_that_comes_first_waits_for_its_story() {
    let house = House::new().await.open();
    let mut decisions = house.decisions().await;
    house.submit(entry("view", "https://a.example/print/7", BRIDGE, NOW_MS)).await;
    house.submit(entry("story", "https://a.example/story", BRIDGE, NOW_MS)).await;
    let mut decided = Vec::new();
    for _ in 0..2 {
        let event = soon(decisions.next()).await.unwrap();
        decided.push((event.submission_id, event.decision));
    }
    let names: Vec<_> = decided.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["story", "view"]);
    assert_eq!(decided[1].1, v1::Decision::Duplicate as i32);
    house.close().await;
}
