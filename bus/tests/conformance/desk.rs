//! A stage of another crate: one row, and the code that consumes it.

use std::time::Duration;

use courant_bus::{Bus, Delivery, Failure, Settled, Stage, Stream, Subject};
use courant_proto::v1;

use crate::bench::{Bench, Kind, depth, entry, id, next, nothing_for, submission, until};

/// The row. Nothing else in the bus knows the stage.
const DESK: Stage =
    Stage::new("desk", Stream::new("ASKED"), &[Subject::new("desk.asked")]).pressing();
/// Two rows on one stream.
const FRONT: Stage = Stage::new("front", BOTH, &[Subject::new("post.front")]);
const BACK: Stage = Stage::new("back", BOTH, &[Subject::new("post.back")]).consumed_by("rear");
const BOTH: Stream = Stream::new("POST");

/// Settles what comes, and returns what it was.
async fn handled(delivery: Delivery) -> String {
    let name = submission(&delivery);
    assert_eq!(delivery.settle(Ok(())).await, Settled::Acknowledged);
    name
}

async fn offer(bus: &Bus, stage: Stage, n: usize) {
    assert!(!bus.offer(stage.subject(), &id(n), &entry(n)).await.unwrap().duplicate);
}

pub(crate) async fn a_row_is_a_stage(kind: Kind) {
    let bench = Bench::start(kind, |config| {
        config.stages.push(DESK);
        let two = courant_bus::QueueLimits { max_messages: 2, ..Default::default() };
        config.limits.insert("asked".into(), two);
    })
    .await;
    let bus = bench.bus().await;
    offer(&bus, DESK, 1).await;
    offer(&bus, DESK, 2).await;
    bus.offer(DESK.subject(), &id(3), &entry(3)).await.unwrap_err();
    let queues = bus.queues().await.unwrap();
    let queue = queues.iter().find(|queue| queue.stream == "COURANT_ASKED").unwrap();
    assert_eq!((queue.depth, &queue.stages), (2, &vec![DESK]));
    assert!(queue.is_pressing() && queue.fullness >= 1.0);
    let mut deliveries = bus.consume(DESK, 1).await.unwrap();
    let first = next(&mut deliveries).await;
    assert_eq!(first.subject(), DESK.subject().as_str());
    let failure = Failure::discard(anyhow::anyhow!("no desk"));
    assert_eq!(first.settle(Err(failure)).await, Settled::Dead);
    handled(next(&mut deliveries).await).await;
    assert_eq!(depth(&bus, DESK).await, 0);
    let letter = bus.dead_letters(10).await.unwrap().remove(0);
    assert_eq!(letter.subject, Some(DESK.subject()));
    bus.replay(letter.sequence).await.unwrap().unwrap();
    assert_eq!(next(&mut deliveries).await.settle(Ok(())).await, Settled::Acknowledged);
    let labels = [("stage", "desk"), ("reason", "discarded")];
    assert_eq!(bench.metric("courant_bus_dead_letters_total", &labels), 1.0);
}

pub(crate) async fn stages_of_one_stream_get_their_own_messages(kind: Kind) {
    let bench = Bench::start(kind, |config| {
        config.stages.extend([FRONT, BACK]);
        config.ack_wait_s = 0.3;
    })
    .await;
    let bus = bench.bus().await;
    // The oldest is for another than the one that works.
    offer(&bus, FRONT, 1).await;
    offer(&bus, BACK, 2).await;
    let mut back = bus.consume(BACK, 4).await.unwrap();
    assert_eq!(handled(next(&mut back).await).await, "s-2");
    offer(&bus, BACK, 3).await;
    assert_eq!(handled(next(&mut back).await).await, "s-3");
    nothing_for(&mut back, Duration::from_millis(800)).await;
    let mut front = bus.consume(FRONT, 4).await.unwrap();
    assert_eq!(handled(next(&mut front).await).await, "s-1");
    until(async || depth(&bus, FRONT).await == 0).await;
    assert!(bus.dead_letters(10).await.unwrap().is_empty());
}

pub(crate) async fn a_stage_of_no_row_is_refused(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let bus = bench.bus().await;
    let refused = bus.consume(DESK, 1).await.err();
    assert!(matches!(refused, Some(courant_bus::Error::UnknownStage(DESK))), "{refused:?}");
    let stray = v1::Entry::default();
    let refused = bus.offer(DESK.subject(), &id(1), &stray).await.unwrap_err();
    assert!(matches!(refused, courant_bus::PublishError::WrongSubject(_)), "{refused:?}");
}
