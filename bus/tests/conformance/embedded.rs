//! The behaviour of the embedded bus alone.

use std::time::Duration;

use courant_bus::{Bus, Error, MessageId, SpoolError, Stage, Subject, check_spool, repair_spool};
use courant_proto::v1;
use courant_telemetry::Clock;

use crate::bench::{Bench, Kind, depth, entry, in_time, publish};
use crate::follow;

fn open(bench: &Bench, file: &str) -> Result<Bus, Error> {
    let spool = bench.folder.path().join(file);
    Bus::embedded(&bench.config, &spool, Clock::system(), &bench.meter())
}

#[tokio::test]
async fn a_spool_that_is_no_spool_is_an_error_and_stays_as_it_is() {
    let bench = Bench::start(Kind::Embedded, |_| {}).await;
    let content = vec![7; 10_000];
    std::fs::write(bench.folder.path().join("bad.db"), &content).unwrap();
    let error = open(&bench, "bad.db").err().unwrap();
    assert!(matches!(error, Error::Spool(SpoolError::Damaged(_))), "{error:?}");
    assert_eq!(std::fs::read(bench.folder.path().join("bad.db")).unwrap(), content);
    let error = open(&bench, "missing/folder.db").err().unwrap();
    assert!(matches!(error, Error::Spool(SpoolError::Sqlite(_))), "{error:?}");
}

#[tokio::test]
async fn what_is_whole_of_a_damaged_spool_is_saved() {
    let bench = Bench::start(Kind::Embedded, |_| {}).await;
    let bus = open(&bench, "spool.db").unwrap();
    publish(&bus, 1).await;
    let path = bench.folder.path().join("spool.db");
    assert!(matches!(check_spool(&path), Err(SpoolError::InUse)));
    in_time(bus.close()).await.unwrap();
    let whole = check_spool(&path).unwrap();
    assert_eq!((whole.waiting, whole.problems.len()), (1, 0), "{whole:?}");

    let bus = open(&bench, "spool.db").unwrap();
    for n in 0..300 {
        let long = v1::Entry { text: "x".repeat(2_000), ..entry(n) };
        let long_id = MessageId::new(format!("long-{n}"));
        bus.publish(Subject::ENTRY_SUBMITTED, &long_id, &long).await.unwrap();
    }
    in_time(bus.close()).await.unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 8192 * 4096;
    bytes[middle..middle + 10 * 4096].fill(0xa5);
    std::fs::write(&path, &bytes).unwrap();
    let found = check_spool(&path).unwrap();
    assert!(found.problems.iter().any(|problem| problem.contains("spool.db")), "{found:?}");
    let repair = repair_spool(&path).unwrap();
    assert!((150..301).contains(&repair.saved), "{repair:?}");
    assert!((290..=301).contains(&(repair.saved + repair.lost)), "{repair:?}");
    assert_eq!(std::fs::read(&repair.kept_at).unwrap(), bytes, "the damaged file is kept");
    assert_eq!(check_spool(&path).unwrap().problems, [] as [String; 0]);
    let bus = open(&bench, "spool.db").unwrap();
    assert_eq!(depth(&bus, Stage::GATEWAY).await, repair.saved);
    let mut deliveries = bus.consume(Stage::GATEWAY, 16).await.unwrap();
    for _ in 0..repair.saved {
        let delivery = crate::bench::next(&mut deliveries).await;
        assert!(delivery.decode::<v1::Entry>().is_ok());
        delivery.settle(Ok(())).await;
    }
}

#[tokio::test]
async fn a_spool_in_use_is_refused() {
    let bench = Bench::start(Kind::Embedded, |_| {}).await;
    let first = open(&bench, "spool.db").unwrap();
    let error = open(&bench, "spool.db").err().unwrap();
    assert!(matches!(error, Error::Spool(SpoolError::InUse)), "{error:?}");
    in_time(first.close()).await.unwrap();
    open(&bench, "spool.db").unwrap();
}

#[tokio::test]
async fn a_settled_id_is_remembered_after_reopening() {
    let bench = Bench::start(Kind::Embedded, |_| {}).await;
    let bus = open(&bench, "spool.db").unwrap();
    publish(&bus, 1).await;
    let mut deliveries = bus.consume(Stage::GATEWAY, 1).await.unwrap();
    crate::bench::next(&mut deliveries).await.settle(Ok(())).await;
    in_time(bus.close()).await.unwrap();
    let bus = open(&bench, "spool.db").unwrap();
    assert!(publish(&bus, 1).await.duplicate);
    assert_eq!(depth(&bus, Stage::GATEWAY).await, 0);
}

#[tokio::test]
async fn after_the_window_the_same_id_is_stored_again() {
    let bench = Bench::start(Kind::Embedded, |_| {}).await;
    let clock = Clock::fixed(1_700_000_000_000);
    let spool = bench.folder.path().join("spool.db");
    let bus = Bus::embedded(&bench.config, &spool, clock.clone(), &bench.meter()).unwrap();
    publish(&bus, 1).await;
    clock.advance(std::time::Duration::from_secs(119));
    assert!(publish(&bus, 1).await.duplicate);
    clock.advance(std::time::Duration::from_secs(1));
    assert!(!publish(&bus, 1).await.duplicate);
    assert_eq!(depth(&bus, Stage::GATEWAY).await, 2);
}

#[tokio::test]
async fn a_name_that_nobody_uses_for_8_days_is_forgotten() {
    let bench = Bench::start(Kind::Embedded, |config| config.events.max_age_days = 30).await;
    let clock = Clock::fixed(1_700_000_000_000);
    let spool = bench.folder.path().join("spool.db");
    let bus = Bus::embedded(&bench.config, &spool, clock.clone(), &bench.meter()).unwrap();
    let stored = [Subject::ARTICLE_STORED];
    let days = |days: u64| Duration::from_secs(days * 86_400);
    follow::tell(&bus, 1).await;
    let mut follower = bus.follow_shared("index", &stored, 1).await.unwrap();
    follow::delivery(&mut follower).await.settle(Ok(())).await;
    in_time(follower.stop()).await;
    clock.advance(days(7));
    follow::tell(&bus, 2).await;
    let mut follower = bus.follow_shared("index", &stored, 1).await.unwrap();
    let second = follow::delivery(&mut follower).await;
    assert_eq!(follow::article(&second), "a2", "it goes on where it was");
    second.settle(Ok(())).await;
    in_time(follower.stop()).await;
    clock.advance(days(8));
    let mut follower = bus.follow_shared("index", &stored, 1).await.unwrap();
    let first = follow::delivery(&mut follower).await;
    assert_eq!(follow::article(&first), "a1", "it starts anew");
    first.settle(Ok(())).await;
}

#[tokio::test]
async fn a_spool_of_the_version_before_followers_is_taken_over() {
    let bench = Bench::start(Kind::Embedded, |_| {}).await;
    let bus = open(&bench, "spool.db").unwrap();
    publish(&bus, 1).await;
    in_time(bus.close()).await.unwrap();
    let file = rusqlite::Connection::open(bench.folder.path().join("spool.db")).unwrap();
    let before = "DROP TABLE followers; DROP TABLE followed; DROP TABLE dropped;
        DROP INDEX messages_suspect; ALTER TABLE messages DROP COLUMN suspect;";
    file.execute_batch(before).unwrap();
    file.pragma_update(None, "user_version", 1).unwrap();
    drop(file);
    let bus = open(&bench, "spool.db").unwrap();
    assert_eq!(depth(&bus, Stage::GATEWAY).await, 1);
    bus.follow_shared("index", &[Subject::ARTICLE_STORED], 1).await.unwrap();
}
