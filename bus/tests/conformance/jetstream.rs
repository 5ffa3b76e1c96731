//! The effects on the bus that only a server can have.

use std::time::Duration;

use courant_bus::{Bus, Config, Error, Failure, FollowedItem, Settled, Stage, Subject};
use courant_proto::v1;
use courant_telemetry::Clock;
use tokio::time::timeout;

use crate::bench::{
    Bench, Kind, depth, entry, id, in_time, next, publish, submission, until, with_one,
};
use crate::follow;

async fn raw(bench: &Bench) -> async_nats::jetstream::Context {
    let client = async_nats::connect(bench.config.url.clone().unwrap()).await.unwrap();
    async_nats::jetstream::new(client)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_consumer_comes_back() {
    let bench = Bench::start(Kind::JetStream, |_| {}).await;
    let (bus, mut deliveries) = with_one(&bench).await;
    next(&mut deliveries).await.settle(Ok(())).await;
    let raw = raw(&bench).await;
    raw.delete_consumer_from_stream("gateway", "COURANT_ENTRY").await.unwrap();
    publish(&bus, 2).await;
    let delivery = next(&mut deliveries).await;
    assert_eq!(submission(&delivery), "s-2");
    assert_eq!(delivery.settle(Ok(())).await, Settled::Acknowledged);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_stream_is_past_all_that_it_had() {
    let bench = Bench::start(Kind::JetStream, |_| {}).await;
    let bus = bench.bus().await;
    let newest = publish(&bus, 1).await.sequence;
    assert!(!bus.queue_ends(Stage::GATEWAY).await.unwrap().is_past(newest));
    raw(&bench).await.delete_stream("COURANT_ENTRY").await.unwrap();
    let ends = bus.queue_ends(Stage::GATEWAY).await.unwrap();
    assert!(ends.is_past(newest) && ends.oldest.is_none(), "{ends:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_stream_comes_back() {
    let bench = Bench::start(Kind::JetStream, |_| {}).await;
    let (bus, mut deliveries) = with_one(&bench).await;
    next(&mut deliveries).await.settle(Ok(())).await;
    raw(&bench).await.delete_stream("COURANT_ENTRY").await.unwrap();
    publish(&bus, 2).await;
    let delivery = next(&mut deliveries).await;
    assert_eq!(submission(&delivery), "s-2");
    delivery.settle(Ok(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_comes_after_heartbeats_is_delivered() {
    let bench = Bench::start(Kind::JetStream, |_| {}).await;
    let bus = bench.bus().await;
    let mut deliveries = bus.consume(Stage::GATEWAY, 1).await.unwrap();
    // Two heartbeats, and no message.
    crate::bench::nothing_for(&mut deliveries, Duration::from_millis(10_500)).await;
    publish(&bus, 1).await;
    let delivery = tokio::time::timeout(Duration::from_secs(3), deliveries.next()).await;
    delivery.expect("at once").unwrap().settle(Ok(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_publisher_may_leave_the_headers_out() {
    let bench = Bench::start(Kind::JetStream, |_| {}).await;
    let bus = bench.bus().await;
    let payload = prost::Message::encode_to_vec(&entry(1));
    let raw = raw(&bench).await;
    raw.publish("courant.entry.submitted", payload.into()).await.unwrap().await.unwrap();
    let mut deliveries = bus.consume(Stage::GATEWAY, 1).await.unwrap();
    let delivery = next(&mut deliveries).await;
    assert_eq!(delivery.decode::<v1::Entry>().unwrap(), entry(1));
    assert_eq!(delivery.message_id(), None);
    delivery.settle(Ok(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publishers_expectations_do_not_bind_its_dead_letter() {
    let bench = Bench::start(Kind::JetStream, |_| {}).await;
    let bus = bench.bus().await;
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("Nats-Expected-Stream", "COURANT_ENTRY");
    let raw = raw(&bench).await;
    let sent = raw.publish_with_headers("courant.entry.submitted", headers, "?".into()).await;
    sent.unwrap().await.unwrap();
    let mut deliveries = bus.consume(Stage::GATEWAY, 1).await.unwrap();
    let delivery = next(&mut deliveries).await;
    let damaged = delivery.decode::<v1::Entry>().unwrap_err();
    assert_eq!(delivery.settle(Err(damaged)).await, Settled::Dead);
    assert_eq!(bus.dead_letters(10).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pipelines_with_different_prefixes_share_a_server_unseen() {
    let mut bench = Bench::start(Kind::JetStream, |_| {}).await;
    let first = bench.bus().await;
    bench.config.prefix = "other".into();
    let second = bench.bus().await;
    publish(&first, 1).await;
    assert_eq!((depth(&first, Stage::GATEWAY).await, depth(&second, Stage::GATEWAY).await), (1, 0));
    assert_eq!(second.queues().await.unwrap()[0].stream, "OTHER_ENTRY");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_processes_may_start_at_once_and_share_the_work() {
    let bench = Bench::start(Kind::JetStream, |_| {}).await;
    let (a, b, c) = tokio::join!(bench.bus(), bench.bus(), bench.bus());
    for n in 0..30 {
        publish(&a, n).await;
    }
    let mut workers = tokio::task::JoinSet::new();
    for bus in [b, c] {
        workers.spawn(async move {
            let mut deliveries = bus.consume(Stage::GATEWAY, 2).await.unwrap();
            let mut handled = 0;
            while let Ok(Some(delivery)) =
                tokio::time::timeout(Duration::from_secs(2), deliveries.next()).await
            {
                delivery.settle(Ok(())).await;
                handled += 1;
            }
            handled
        });
    }
    assert_eq!(in_time(workers.join_all()).await.iter().sum::<i32>(), 30);
    assert_eq!(depth(&a, Stage::GATEWAY).await, 0);
}

#[tokio::test]
async fn an_unreachable_server_is_named_without_its_password() {
    let url = Some("nats://me:hush@127.0.0.1:1".to_owned());
    let config = Config { url, ..Config::default() };
    let meter = opentelemetry::global::meter("test");
    let error = in_time(Bus::connect(&config, Clock::system(), &meter)).await.err().unwrap();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert_eq!(error.to_string(), "no NATS server answers at 127.0.0.1:1");
    let absent = Config::default();
    let error = Bus::connect(&absent, Clock::system(), &meter).await.err().unwrap();
    assert!(matches!(error, Error::Address(_)), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_server_is_an_error_of_offer_and_of_close() {
    let mut bench = Bench::start(Kind::JetStream, |_| {}).await;
    let bus = bench.bus().await;
    bench.nats.as_mut().unwrap().kill().unwrap();
    let refused = bus.offer(Subject::ENTRY_SUBMITTED, &id(1), &entry(1)).await.unwrap_err();
    assert!(matches!(refused, courant_bus::PublishError::Unavailable(_)), "{refused:?}");
    assert!(matches!(bus.queues().await.err(), Some(Error::JetStream { .. })));
    assert!(matches!(in_time(bus.close()).await.err(), Some(Error::NotClosed(_))));
}

/// Longer than the wait until a message is delivered again.
const MOMENT: Duration = Duration::from_millis(700);

/// Takes all that comes in a moment, and handles it unless the culprit is among it: then the
/// process ends over it. Returns what it handled.
async fn live(bench: &Bench, culprit: &str) -> Vec<String> {
    let bus = bench.bus().await;
    let mut deliveries = bus.consume(Stage::GATEWAY, 8).await.unwrap();
    let mut taken = Vec::new();
    while let Ok(next) = timeout(MOMENT, deliveries.next()).await {
        let delivery = next.unwrap();
        taken.push((submission(&delivery), delivery));
    }
    if taken.iter().any(|(name, _)| name == culprit) {
        return Vec::new();
    }
    let mut handled = Vec::new();
    for (name, delivery) in taken {
        assert_eq!(delivery.settle(Ok(())).await, Settled::Acknowledged);
        handled.push(name);
    }
    handled
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_loop_buries_its_culprit_alone() {
    let bench = Bench::start(Kind::JetStream, |config| config.ack_wait_s = 0.3).await;
    let bus = bench.bus().await;
    for n in 1..=6 {
        publish(&bus, n).await;
    }
    let mut handled = Vec::new();
    let mut lives = 0;
    while depth(&bus, Stage::GATEWAY).await > 0 {
        handled.extend(live(&bench, "s-3").await);
        lives += 1;
        assert!(lives < 40, "handled {handled:?}");
    }
    handled.sort();
    assert_eq!(handled, ["s-1", "s-2", "s-4", "s-5", "s-6"]);
    let letters = bus.dead_letters(10).await.unwrap();
    let ids: Vec<_> = letters.iter().map(|letter| letter.message_id.as_deref()).collect();
    assert_eq!(ids, [Some(id(3).as_str())]);
    let raw = raw(&bench).await;
    let mut notes = raw.get_stream("COURANT_STRIKES").await.unwrap();
    until(async || notes.info().await.unwrap().state.messages == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_over_their_age_or_number_are_deleted_and_counted() {
    let bench = Bench::start(Kind::JetStream, |config| {
        config.dead_letters.max_age_days = 1;
        config.dead_letters.max_messages = 100;
    })
    .await;
    let clock = Clock::fixed(Clock::system().unix_ms());
    let bus = Bus::connect(&bench.config, clock.clone(), &bench.meter()).await.unwrap();
    let mut deliveries = bus.consume(Stage::GATEWAY, 8).await.unwrap();
    for n in 1..=97 {
        publish(&bus, n).await;
        let failure = Failure::discard(anyhow::anyhow!("not today"));
        assert_eq!(next(&mut deliveries).await.settle(Err(failure)).await, Settled::Dead);
    }
    let expired = || bench.metric("courant_bus_dead_letters_expired_total", &[]);
    until(async || expired() == 2.0).await;
    assert_eq!(bus.dead_letters(200).await.unwrap().len(), 95);
    clock.advance(Duration::from_secs(2 * 86_400));
    until(async || expired() == 97.0).await;
    assert!(bus.dead_letters(10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_forgets_a_name_that_nobody_uses_for_8_days() {
    let bench = Bench::start(Kind::JetStream, |_| {}).await;
    let bus = bench.bus().await;
    let _follower = bus.follow_shared("index", &[Subject::ARTICLE_STORED], 1).await.unwrap();
    let stream = raw(&bench).await.get_stream("COURANT_EVENTS").await.unwrap();
    let config = stream.consumer_info("index").await.unwrap().config;
    assert_eq!(config.inactive_threshold, Duration::from_secs(8 * 86_400));
    assert_eq!((config.max_deliver, config.durable_name.as_deref()), (-1, Some("index")));
    assert_eq!(config.filter_subject, "courant.article.stored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn followers_go_on_through_a_crash_of_the_server() {
    let mut bench = Bench::start(Kind::JetStream, |_| {}).await;
    let bus = bench.bus().await;
    let stored = [Subject::ARTICLE_STORED];
    let mut shared = bus.follow_shared("index", &stored, 1).await.unwrap();
    let mut own = bus.follow_own(&stored, None).unwrap();
    follow::tell(&bus, 1).await;
    follow::delivery(&mut shared).await.settle(Ok(())).await;
    assert!(matches!(in_time(own.next()).await, Some(FollowedItem::Message(_))));
    let nats = bench.nats.as_mut().unwrap();
    nats.kill().unwrap();
    nats.restart().await.unwrap();
    let message = v1::ArticleStored { id: "a2".into(), ..Default::default() };
    bus.publish(Subject::ARTICLE_STORED, &id(2), &message).await.unwrap();
    // The server writes down at leisure what was settled: the first may come again.
    let mut arrived = String::new();
    while arrived != "a2" {
        let delivery = follow::delivery(&mut shared).await;
        arrived = follow::article(&delivery);
        delivery.settle(Ok(())).await;
    }
    let Some(FollowedItem::Message(event)) = in_time(own.next()).await else { panic!("a gap") };
    assert_eq!(event.decode::<v1::ArticleStored>().unwrap().id, "a2");
}
