//! Crashes: of the server, or of the process that holds the spool.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use courant_bus::{Bus, Config, Durability, Stage, Subject};
use courant_telemetry::Clock;

use crate::bench::{Bench, Kind, entry, id, in_time, next, submission, until};

/// The variable that tells the process that is to be killed the path of its spool.
const SPOOL: &str = "COURANT_TEST_SPOOL";
const FAST: &str = "COURANT_TEST_FAST";
const CHILD: &str = "crash::the_process_that_is_killed";

/// Publishes for ever, and tells what was acknowledged; takes one delivery.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_that_is_killed() {
    // Run by itself it has nothing to do: the tests below run it, and kill it.
    let Some(spool) = std::env::var_os(SPOOL) else {
        return;
    };
    let meter = opentelemetry::global::meter("test");
    let fast = std::env::var_os(FAST).is_some();
    let durability = if fast { Durability::Fast } else { Durability::Durable };
    let config = Config { durability, ..Config::default() };
    let bus = Bus::embedded(&config, spool.as_ref(), Clock::system(), &meter).unwrap();
    let mut deliveries = bus.consume(Stage::ANALYST, 1).await.unwrap();
    bus.publish(Subject::ARTICLE_EMBEDDED, &id(0), &entry(0)).await.unwrap();
    let _held = deliveries.next().await.unwrap();
    for n in 0.. {
        bus.publish(Subject::ENTRY_SUBMITTED, &id(n), &entry(n)).await.unwrap();
        // Straight to the descriptor: the harness would keep what `println` says.
        writeln!(std::io::stderr(), "stored s-{n}").unwrap();
    }
}

/// Runs that process until it has stored `count` messages, and kills it.
fn publish_and_die(bench: &Bench, count: usize) -> BTreeSet<String> {
    let mut child = Command::new(std::env::current_exe().unwrap());
    if bench.config.durability == Durability::Fast {
        child.env(FAST, "1");
    }
    let mut child = child
        .args([CHILD, "--exact", "--nocapture"])
        .env(SPOOL, bench.folder.path().join("spool.db"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let told = BufReader::new(child.stderr.take().unwrap());
    let stored = told
        .lines()
        .filter_map(|line| line.unwrap().strip_prefix("stored ").map(ToOwned::to_owned));
    let stored = stored.take(count).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    stored
}

/// Publishes while the server is killed and started again.
async fn publish_through_a_crash(bench: &mut Bench, bus: &Bus, count: usize) -> BTreeSet<String> {
    let publishing = tokio::spawn({
        let bus = bus.clone();
        async move {
            let mut stored = BTreeSet::new();
            for n in 0..count {
                bus.publish(Subject::ENTRY_SUBMITTED, &id(n), &entry(n)).await.unwrap();
                stored.insert(format!("s-{n}"));
            }
            stored
        }
    });
    until(async || crate::bench::depth(bus, Stage::GATEWAY).await > count as u64 / 4).await;
    let nats = bench.nats.as_mut().unwrap();
    nats.kill().unwrap();
    nats.restart().await.unwrap();
    in_time(publishing).await.unwrap()
}

pub(crate) async fn what_was_acknowledged_survives_a_crash(kind: Kind) {
    survives_a_crash(kind, Durability::Durable).await;
}

pub(crate) async fn a_crash_of_the_process_alone_loses_nothing_that_is_fast_either(kind: Kind) {
    survives_a_crash(kind, Durability::Fast).await;
}

async fn survives_a_crash(kind: Kind, durability: Durability) {
    let mut bench = Bench::start(kind, |config| config.durability = durability).await;
    let (bus, stored) = match kind {
        Kind::JetStream => {
            let bus = bench.bus().await;
            let stored = publish_through_a_crash(&mut bench, &bus, 400).await;
            (bus, stored)
        }
        Kind::Embedded => {
            let stored = publish_and_die(&bench, 200);
            (bench.bus().await, stored)
        }
    };
    assert!(stored.len() >= 200);
    let mut deliveries = bus.consume(Stage::GATEWAY, 16).await.unwrap();
    let mut missing = stored;
    while !missing.is_empty() {
        let delivery = next(&mut deliveries).await;
        missing.remove(&submission(&delivery));
        delivery.settle(Ok(())).await;
    }
}

pub(crate) async fn what_was_taken_is_delivered_again_after_a_crash(kind: Kind) {
    let mut bench = Bench::start(kind, |_| {}).await;
    match kind {
        Kind::JetStream => {
            let bus = bench.bus().await;
            bus.publish(Subject::ARTICLE_EMBEDDED, &id(0), &entry(0)).await.unwrap();
            let mut deliveries = bus.consume(Stage::ANALYST, 1).await.unwrap();
            let held = next(&mut deliveries).await;
            let nats = bench.nats.as_mut().unwrap();
            nats.kill().unwrap();
            drop(held);
            nats.restart().await.unwrap();
            // The same consumer goes on: it needs no help.
            let again = next(&mut deliveries).await;
            // The server writes down at leisure how often it delivered.
            assert_eq!(submission(&again), "s-0");
            again.settle(Ok(())).await;
        }
        Kind::Embedded => {
            publish_and_die(&bench, 1);
            let bus = bench.bus().await;
            let mut deliveries = bus.consume(Stage::ANALYST, 1).await.unwrap();
            // Nobody holds the dead process's message now: it comes at once, and the lost attempt
            // counts.
            let again = tokio::time::timeout(Duration::from_secs(10), deliveries.next()).await;
            let again = again.unwrap().unwrap();
            assert_eq!((submission(&again).as_str(), again.attempt()), ("s-0", 2));
            again.settle(Ok(())).await;
        }
    }
}
