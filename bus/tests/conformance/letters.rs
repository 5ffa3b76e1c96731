//! Dead letters: written, read, replayed.

use courant_bus::{Bus, DeadLetter, Error, Failure, PublishError, Settled, Stage, Subject};
use courant_proto::v1;

use crate::bench::{Bench, Kind, depth, entry, id, next, publish, submission, until, with_one};

async fn only_letter(bus: &Bus) -> DeadLetter {
    let letters = bus.dead_letters(10).await.unwrap();
    assert_eq!(letters.len(), 1);
    letters.into_iter().next().unwrap()
}

pub(crate) async fn the_last_failure_makes_a_dead_letter(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let (bus, mut deliveries) = with_one(&bench).await;
    let failure = || Failure::retry(anyhow::anyhow!("no space").context("cannot store"));
    for attempt in 1..=2 {
        let delivery = next(&mut deliveries).await;
        assert_eq!(delivery.attempt(), attempt);
        assert!(matches!(delivery.settle(Err(failure())).await, Settled::Retried(_)));
    }
    assert_eq!(next(&mut deliveries).await.settle(Err(failure())).await, Settled::Dead);
    let letter = only_letter(&bus).await;
    assert_eq!(letter.error, "cannot store: no space");
    assert_eq!(letter.deliveries, 3);
    assert_eq!(letter.subject, Some(Subject::ENTRY_SUBMITTED));
    assert_eq!(letter.message_id.as_deref(), Some(id(1).as_str()));
    assert_eq!(letter.payload, prost::Message::encode_to_vec(&entry(1)));
    assert_eq!(depth(&bus, Stage::GATEWAY).await, 0);
}

pub(crate) async fn a_discarded_message_is_a_dead_letter_at_once(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let (bus, mut deliveries) = with_one(&bench).await;
    let failure = Failure::discard(anyhow::anyhow!("the url\nis none"));
    assert_eq!(next(&mut deliveries).await.settle(Err(failure)).await, Settled::Dead);
    let letter = only_letter(&bus).await;
    assert_eq!((letter.error.as_str(), letter.deliveries), ("the url is none", 1));
    assert_eq!(bus.dead_letter(letter.sequence).await.unwrap().unwrap().error, letter.error);
    assert!(bus.dead_letter(letter.sequence + 100).await.unwrap().is_none());
}

pub(crate) async fn an_unknown_schema_is_a_dead_letter(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let bus = bench.bus().await;
    let other = v1::ArticleStored::default();
    bus.publish(Subject::ENTRY_SUBMITTED, &id(1), &other).await.unwrap();
    let mut deliveries = bus.consume(Stage::GATEWAY, 1).await.unwrap();
    let delivery = next(&mut deliveries).await;
    let refused = delivery.decode::<v1::Entry>().unwrap_err();
    assert!(matches!(refused, Failure::Discard { .. }));
    assert_eq!(delivery.settle(Err(refused)).await, Settled::Dead);
    let letter = only_letter(&bus).await;
    assert_eq!(letter.schema.as_deref(), Some("courant.v1.ArticleStored"));
    assert!(letter.error.contains("courant.v1.Entry"), "{}", letter.error);
}

pub(crate) async fn a_message_on_which_every_worker_dies_is_a_dead_letter(kind: Kind) {
    let bench = Bench::start(kind, |config| config.ack_wait_s = 0.3).await;
    let (bus, mut deliveries) = with_one(&bench).await;
    publish(&bus, 2).await;
    let dying = tokio::spawn(async move {
        while let Some(delivery) = deliveries.next().await {
            match submission(&delivery).as_str() {
                "s-1" => drop(delivery),
                _ => assert_eq!(delivery.settle(Ok(())).await, Settled::Acknowledged),
            }
        }
    });
    until(async || !bus.dead_letters(10).await.unwrap().is_empty()).await;
    let letter = only_letter(&bus).await;
    assert_eq!(letter.message_id.as_deref(), Some(id(1).as_str()));
    assert_eq!(letter.deliveries, 3);
    assert!(letter.error.contains("worker died"), "{}", letter.error);
    until(async || depth(&bus, Stage::GATEWAY).await == 0).await;
    let labels = [("stage", "gateway"), ("reason", "abandoned")];
    until(async || bench.metric("courant_bus_dead_letters_total", &labels) == 1.0).await;
    dying.abort();
}

pub(crate) async fn a_replayed_letter_is_delivered_again(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let (bus, mut deliveries) = with_one(&bench).await;
    for replay in ["a1:1:test:1:replay-1", "a1:1:test:1:replay-2"] {
        let failure = Failure::discard(anyhow::anyhow!("not today"));
        assert_eq!(next(&mut deliveries).await.settle(Err(failure)).await, Settled::Dead);
        let letter = only_letter(&bus).await;
        let published = bus.replay(letter.sequence).await.unwrap().unwrap();
        assert!(!published.duplicate);
        assert!(bus.dead_letters(10).await.unwrap().is_empty());
        assert!(bus.replay(letter.sequence).await.unwrap().is_none());
        let again = next(&mut deliveries).await;
        assert_eq!((submission(&again).as_str(), again.attempt()), ("s-1", 1));
        assert_eq!(again.message_id().unwrap().as_str(), replay);
        let failure = Failure::retry(anyhow::anyhow!("once more"));
        assert!(matches!(again.settle(Err(failure)).await, Settled::Retried(_)));
    }
    assert_eq!(next(&mut deliveries).await.settle(Ok(())).await, Settled::Acknowledged);
}

pub(crate) async fn a_letter_stays_while_its_queue_is_full(kind: Kind) {
    let bench = Bench::start(kind, |config| config.queue.max_messages = 1).await;
    let (bus, mut deliveries) = with_one(&bench).await;
    let failure = Failure::discard(anyhow::anyhow!("not today"));
    next(&mut deliveries).await.settle(Err(failure)).await;
    publish(&bus, 2).await;
    let sequence = only_letter(&bus).await.sequence;
    let refused = bus.replay(sequence).await.unwrap_err();
    assert!(matches!(refused, Error::Replay(PublishError::Full(_))), "{refused:?}");
    assert_eq!(only_letter(&bus).await.sequence, sequence);
}

pub(crate) async fn a_dropped_letter_is_gone(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let (bus, mut deliveries) = with_one(&bench).await;
    let failure = Failure::discard(anyhow::anyhow!("not today"));
    next(&mut deliveries).await.settle(Err(failure)).await;
    let sequence = only_letter(&bus).await.sequence;
    assert!(bus.drop_dead_letter(sequence).await.unwrap());
    assert!(!bus.drop_dead_letter(sequence).await.unwrap());
    assert!(bus.dead_letters(10).await.unwrap().is_empty());
    assert!(bus.replay(sequence).await.unwrap().is_none());
}
