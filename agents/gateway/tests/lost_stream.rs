//! A stream that somebody deletes takes accepted articles with it: they are let in when they
//! come again.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use courant_article::{Entry, Revision, Text};
use courant_bus::{Bus, MessageId, Subject, Subscription};
use courant_cache::Cache;
use courant_gateway::{Config, Gateway};
use courant_proto::v1;
use courant_service::Control;
use courant_store::{Access, Store};
use courant_telemetry::{Clock, Meters};
use tokio_util::sync::CancellationToken;

#[path = "../../../tests/src/nats.rs"]
pub mod nats;

use nats::{NatsServer, Sync};

const NOW_MS: i64 = 1_700_000_000_000;
const DEADLINE: Duration = Duration::from_secs(30);

async fn decision(
    bus: &Bus,
    decisions: &mut Subscription<v1::EntryDecided>,
    number: i64,
) -> v1::Decision {
    let entry = Entry {
        submission_id: number.to_string(),
        url: "https://news.example.com/bridge".into(),
        text: Text::new("The council voted on Monday to keep the old harbour bridge open.".into()),
        observed_at: Revision(NOW_MS + number),
        ..Entry::default()
    };
    let id = MessageId::new(format!("submission-{number}"));
    bus.offer(Subject::ENTRY_SUBMITTED, &id, &v1::Entry::from(entry)).await.unwrap();
    let decided = tokio::time::timeout(DEADLINE, decisions.next()).await.unwrap().unwrap();
    assert_eq!(decided.submission_id, number.to_string());
    decided.decision()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_article_lost_with_its_stream_is_let_in_when_it_comes_again() {
    let nats = NatsServer::start(Sync::Sometimes).await.unwrap();
    let (clock, meters) = (Clock::fixed(NOW_MS + 1_000), Meters::new("test").unwrap());
    let meter = meters.meter();
    let config = courant_bus::Config { url: Some(nats.url()), ..courant_bus::Config::default() };
    let bus = Bus::connect(&config, clock.clone(), &meter).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let small = courant_store::Config { dimension: 3, ..courant_store::Config::default() };
    let file = folder.path().join("articles.db");
    let access = Access::ReadWrite;
    let store = Store::sqlite(&file, access, &small, clock.clone(), &meter).await.unwrap();
    let cache = Cache::memory(&courant_cache::Config::default(), &meter);
    let gateway =
        Gateway::build(Config::default(), bus.clone(), store, cache, clock, &meter).unwrap();
    let shutdown = CancellationToken::new();
    let control = Control::new("gateway", &shutdown);
    let running = tokio::spawn(async move { gateway.run(control).await });

    let mut decisions = bus.subscribe(Subject::ENTRY_DECIDED).await.unwrap();
    assert_eq!(decision(&bus, &mut decisions, 1).await, v1::Decision::New);
    let followed = async {
        while !meters.render().unwrap().contains("courant_claims_open 1") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DEADLINE, followed).await.unwrap();
    assert_eq!(decision(&bus, &mut decisions, 2).await, v1::Decision::Duplicate);
    let client = async_nats::connect(nats.url()).await.unwrap();
    let raw = async_nats::jetstream::new(client);
    raw.delete_stream("COURANT_ACCEPTED").await.unwrap();
    assert_eq!(decision(&bus, &mut decisions, 3).await, v1::Decision::New);

    shutdown.cancel();
    running.await.unwrap().unwrap();
}
