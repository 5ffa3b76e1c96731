//! Limits, duplicates, back-pressure, and what is told about them.

use std::collections::BTreeSet;
use std::time::Duration;

use courant_bus::{
    Bus, Failure, MAX_MESSAGE_BYTES, MessageId, PublishError, Settled, Stage, Subject,
};
use courant_proto::v1;

use crate::bench::{
    Bench, DEADLINE, Kind, depth, entry, id, in_time, next, nothing_for, publish, retry_after,
    submission, until, with_one,
};

pub(crate) async fn the_same_id_within_the_window_is_stored_once(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let (bus, mut deliveries) = with_one(&bench).await;
    assert!(publish(&bus, 1).await.duplicate);
    next(&mut deliveries).await.settle(Ok(())).await;
    assert!(publish(&bus, 1).await.duplicate, "also after it was settled");
    nothing_for(&mut deliveries, Duration::from_millis(200)).await;
    assert_eq!(depth(&bus, Stage::GATEWAY).await, 0);
    assert!(!publish(&bus, 2).await.duplicate);
}

pub(crate) async fn a_full_queue_refuses_and_keeps_what_it_has(kind: Kind) {
    let bench = Bench::start(kind, |config| config.queue.max_messages = 3).await;
    let bus = bench.bus().await;
    for n in 0..3 {
        publish(&bus, n).await;
    }
    let refused = bus.offer(Subject::ENTRY_SUBMITTED, &id(3), &entry(3)).await.unwrap_err();
    assert!(matches!(refused, PublishError::Full(Subject::ENTRY_SUBMITTED)), "{refused:?}");
    let waiting = tokio::spawn({
        let bus = bus.clone();
        async move { publish(&bus, 3).await }
    });
    let mut deliveries = bus.consume(Stage::GATEWAY, 1).await.unwrap();
    let mut arrived = BTreeSet::new();
    while arrived.len() < 4 {
        let delivery = next(&mut deliveries).await;
        arrived.insert(submission(&delivery));
        delivery.settle(Ok(())).await;
    }
    assert!(!in_time(waiting).await.unwrap().duplicate);
}

/// Passes on what `stage` gets, as an agent would.
async fn pass_on(
    bus: Bus,
    stage: Stage,
    to: Option<Subject>,
    done: tokio::sync::mpsc::Sender<String>,
) {
    let mut deliveries = bus.consume(stage, 2).await.unwrap();
    while let Some(delivery) = deliveries.next().await {
        let entry = delivery.decode::<v1::Entry>().unwrap();
        let id = MessageId::new(format!("{}:{stage}", entry.submission_id));
        let outcome = match to {
            Some(to) => bus.publish(to, &id, &entry).await.map(|_| ()).map_err(Failure::from),
            None => done.send(entry.submission_id).await.map_err(Failure::retry),
        };
        delivery.settle(outcome).await;
    }
}

/// The stages that an article passes.
const PATH: [Stage; 4] = [Stage::GATEWAY, Stage::EMBEDDER, Stage::ANALYST, Stage::STORAGE];

pub(crate) async fn filled_to_every_limit_the_pipeline_still_drains(kind: Kind) {
    let bench = Bench::start(kind, |config| config.queue.max_messages = 5).await;
    let bus = bench.bus().await;
    let mut sent = BTreeSet::new();
    for stage in PATH {
        for n in 0..5 {
            let entry = v1::Entry { submission_id: format!("{stage}-{n}"), ..entry(n) };
            let id = MessageId::new(entry.submission_id.clone());
            bus.offer(stage.subject(), &id, &entry).await.unwrap();
            sent.insert(entry.submission_id);
        }
        let refused = bus.offer(stage.subject(), &id(9), &entry(9)).await.unwrap_err();
        assert!(matches!(refused, PublishError::Full(_)), "{refused:?}");
    }
    let (done, mut stored) = tokio::sync::mpsc::channel(32);
    for (n, stage) in PATH.into_iter().enumerate() {
        let to = PATH.get(n + 1).map(|next| next.subject());
        tokio::spawn(pass_on(bus.clone(), stage, to, done.clone()));
    }
    let mut arrived = BTreeSet::new();
    while arrived.len() < sent.len() {
        arrived.insert(in_time(stored.recv()).await.unwrap());
    }
    assert_eq!(arrived, sent);
    for stage in PATH {
        until(async || depth(&bus, stage).await == 0).await;
    }
    assert!(bus.dead_letters(10).await.unwrap().is_empty());
}

pub(crate) async fn waiting_for_room_costs_no_delivery(kind: Kind) {
    let bench = Bench::start(kind, |config| {
        config.ack_wait_s = 0.4;
        config.queue.max_messages = 1;
    })
    .await;
    let bus = bench.bus().await;
    bus.publish(Subject::ARTICLE_ACCEPTED, &id(9), &entry(9)).await.unwrap();
    publish(&bus, 1).await;
    let mut gateway = bus.consume(Stage::GATEWAY, 1).await.unwrap();
    let delivery = next(&mut gateway).await;
    let waiting = tokio::spawn({
        let bus = bus.clone();
        async move {
            let published = bus.publish(Subject::ARTICLE_ACCEPTED, &id(1), &entry(1)).await;
            (delivery.attempt(), delivery.settle(published.map(|_| ()).map_err(Into::into)).await)
        }
    });
    // Longer than all deliveries together would take.
    nothing_for(&mut gateway, Duration::from_millis(2000)).await;
    let mut embedder = bus.consume(Stage::EMBEDDER, 1).await.unwrap();
    next(&mut embedder).await.settle(Ok(())).await;
    assert_eq!(in_time(waiting).await.unwrap(), (1, Settled::Acknowledged));
    assert!(bus.dead_letters(10).await.unwrap().is_empty());
}

pub(crate) async fn events_give_way_to_newer_ones(kind: Kind) {
    let bench = Bench::start(kind, |config| config.events.max_messages = 5).await;
    let bus = bench.bus().await;
    for n in 0..12 {
        let stored = v1::ArticleStored { id: format!("a{n}"), ..Default::default() };
        bus.offer(Subject::ARTICLE_STORED, &id(n), &stored).await.unwrap();
    }
    let queues = bus.queues().await.unwrap();
    let events = queues.iter().find(|queue| queue.stream == "COURANT_EVENTS").unwrap();
    assert_eq!((events.depth, events.is_work()), (5, false));
}

pub(crate) async fn too_large_a_message_is_refused(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let bus = bench.bus().await;
    let fitting = v1::Entry { text: "x".repeat(MAX_MESSAGE_BYTES - 1024), ..entry(1) };
    bus.offer(Subject::ENTRY_SUBMITTED, &id(1), &fitting).await.unwrap();
    let huge = v1::Entry { text: "x".repeat(MAX_MESSAGE_BYTES), ..entry(2) };
    let refused = bus.publish(Subject::ENTRY_SUBMITTED, &id(2), &huge).await.unwrap_err();
    assert!(matches!(refused, PublishError::TooLarge { .. }), "{refused:?}");
    assert_eq!(depth(&bus, Stage::GATEWAY).await, 1);
    // The largest message can become a dead letter, with the longest error.
    let mut deliveries = bus.consume(Stage::GATEWAY, 1).await.unwrap();
    let failure = Failure::discard(anyhow::anyhow!("e".repeat(100_000)));
    assert_eq!(next(&mut deliveries).await.settle(Err(failure)).await, Settled::Dead);
}

pub(crate) async fn queues_tell_what_they_hold(kind: Kind) {
    let bench = Bench::start(kind, |config| {
        config.ack_wait_s = 30.0;
        config.queue.max_messages = 4;
    })
    .await;
    let (bus, mut deliveries) = with_one(&bench).await;
    publish(&bus, 2).await;
    let failure = retry_after(Duration::from_millis(10));
    next(&mut deliveries).await.settle(Err(failure)).await;
    let _held = (next(&mut deliveries).await, next(&mut deliveries).await);
    let queues = bus.queues().await.unwrap();
    let entries = &queues[0];
    assert_eq!(entries.stream, "COURANT_ENTRY");
    assert_eq!(entries.stages, [Stage::GATEWAY]);
    assert_eq!((entries.depth, entries.in_flight, entries.redelivered), (2, 2, 1));
    assert!((entries.fullness - 0.5).abs() < 1e-9, "{}", entries.fullness);
    assert!(entries.oldest_age.unwrap() < DEADLINE);
    assert_eq!(queues[1].oldest_age, None);
}

pub(crate) async fn what_happens_is_counted(kind: Kind) {
    let bench = Bench::start(kind, |config| config.queue.max_messages = 1).await;
    let (bus, mut deliveries) = with_one(&bench).await;
    publish(&bus, 1).await;
    bus.offer(Subject::ENTRY_SUBMITTED, &id(2), &entry(2)).await.unwrap_err();
    let failure = Failure::retry(anyhow::anyhow!("busy"));
    next(&mut deliveries).await.settle(Err(failure)).await;
    bus.queues().await.unwrap();
    let published = |outcome| {
        let labels = [("subject", "entry.submitted"), ("outcome", outcome)];
        bench.metric("courant_bus_published_total", &labels)
    };
    assert_eq!([published("stored"), published("duplicate"), published("full")], [1.0; 3]);
    assert_eq!(bench.metric("courant_queue_depth", &[("stream", "COURANT_ENTRY")]), 1.0);
    next(&mut deliveries).await.settle(Err(Failure::discard(anyhow::anyhow!("none")))).await;
    let gateway = ("stage", "gateway");
    assert_eq!(bench.metric("courant_bus_redelivered_total", &[gateway]), 1.0);
    let settled =
        |outcome| bench.metric("courant_bus_settled_total", &[gateway, ("outcome", outcome)]);
    assert_eq!([settled("retried"), settled("dead")], [1.0; 2]);
    let dead = [gateway, ("reason", "discarded")];
    assert_eq!(bench.metric("courant_bus_dead_letters_total", &dead), 1.0);
}

pub(crate) async fn what_a_process_does_is_counted_from_zero_and_nothing_else(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let bus = bench.bus().await;
    bus.publishes(&[Subject::ARTICLE_ANALYZED]);
    let _deliveries = bus.consume(Stage::ANALYST, 1).await.unwrap();
    let shown = |subject, stage| {
        let (subject, stage) = (("subject", subject), ("stage", stage));
        [
            bench.shown("courant_bus_published_total", &[subject, ("outcome", "full")]),
            bench.shown("courant_bus_published_total", &[subject, ("outcome", "failed")]),
            bench.shown("courant_bus_settled_total", &[stage, ("outcome", "retried")]),
            bench.shown("courant_bus_settled_total", &[stage, ("outcome", "unconfirmed")]),
            bench.shown("courant_bus_dead_letters_total", &[stage, ("reason", "abandoned")]),
            bench.shown("courant_bus_redelivered_total", &[stage]),
        ]
    };
    assert_eq!(shown("article.analyzed", "analyst"), [Some(0.0); 6]);
    assert_eq!(shown("article.embedded", "embedder"), [None; 6]);
}

pub(crate) async fn a_closed_bus_takes_nothing(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let (bus, mut deliveries) = with_one(&bench).await;
    next(&mut deliveries).await.settle(Ok(())).await;
    in_time(bus.clone().close()).await.unwrap();
    assert!(in_time(deliveries.next()).await.is_none());
    let refused = bus.publish(Subject::ENTRY_SUBMITTED, &id(2), &entry(2)).await.unwrap_err();
    assert!(matches!(refused, PublishError::Closed), "{refused:?}");
}

pub(crate) async fn a_queue_is_past_what_was_settled(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let bus = bench.bus().await;
    let ends = async || bus.queue_ends(Stage::GATEWAY).await.unwrap();
    assert_eq!(ends().await.oldest, None);
    publish(&bus, 1).await;
    let newest = publish(&bus, 2).await.sequence;
    assert_eq!(ends().await.newest, newest);
    let mut deliveries = bus.consume(Stage::GATEWAY, 2).await.unwrap();
    let (first, second) = (next(&mut deliveries).await, next(&mut deliveries).await);
    second.settle(Ok(())).await;
    assert!(!ends().await.is_past(newest), "the older one is not settled");
    publish(&bus, 3).await;
    first.settle(Ok(())).await;
    until(async || ends().await.is_past(newest)).await;
    assert!(ends().await.oldest.is_some(), "the third waits");
}
