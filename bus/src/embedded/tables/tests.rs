use courant_proto::v1;
use courant_telemetry::Clock;

use super::*;
use crate::config::Config;
use crate::message::{Envelope, MessageId};
use crate::published::Published;
use crate::stages::Stage;
use crate::subject::Subject;
use crate::system::System;

const QUEUE: Stream = Stage::GATEWAY.stream();

fn open(folder: &tempfile::TempDir) -> Tables {
    let meter = opentelemetry::global::meter("test");
    let shared = Shared::new(System::Courant, &Config::default(), Clock::system(), &meter).unwrap();
    Tables::open(shared, &folder.path().join("spool.db")).unwrap()
}

fn publish(tables: &mut Tables, n: usize) -> Result<Option<Published>, SpoolError> {
    let message = v1::Entry { text: "x".repeat(20_000), ..Default::default() };
    let id = MessageId::new(n.to_string());
    let envelope = Envelope::seal(Some(&id), &message).unwrap();
    let mut published = None;
    tables.transaction(|tables| {
        published = tables.publish(Subject::ENTRY_SUBMITTED, QUEUE, &envelope)?;
        Ok(())
    })?;
    Ok(published)
}

fn take(tables: &mut Tables, count: usize) -> Vec<Lease> {
    let mut leases = Vec::new();
    let work = |tables: &mut Tables| {
        leases = tables
            .take(Stage::GATEWAY, count)?
            .messages
            .iter()
            .map(|message| message.lease)
            .collect();
        Ok(())
    };
    tables.transaction(work).unwrap();
    leases
}

#[test]
fn a_full_disk_is_an_error_that_loses_nothing_and_passes() {
    let folder = tempfile::tempdir().unwrap();
    let mut tables = open(&folder);
    tables.connection.pragma_update(None, "max_page_count", 100).unwrap();
    let mut stored = 0;
    let error = loop {
        match publish(&mut tables, stored) {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, SpoolError::DiskFull), "{error:?}");
    assert!(stored > 5);
    assert_eq!(tables.levels[&QUEUE].messages, stored as u64);
    // The messages that are there can be settled, which makes room.
    let leases = take(&mut tables, 1000);
    assert_eq!(leases.len(), stored);
    for lease in &leases[..3] {
        tables.transaction(|tables| tables.acknowledge(*lease)).unwrap();
    }
    assert!(publish(&mut tables, stored).unwrap().is_some());
    drop(tables);
    assert_eq!(take(&mut open(&folder), 1000).len(), stored - 2);
}

#[test]
fn a_failed_transaction_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let mut tables = open(&folder);
    publish(&mut tables, 1).unwrap();
    let before = tables.levels.clone();
    let failed = tables.transaction(|tables| {
        let envelope = Envelope::default();
        tables.publish(Subject::ENTRY_SUBMITTED, QUEUE, &envelope)?;
        tables.connection.execute_batch("no SQL").map(|_| ())
    });
    assert!(matches!(failed, Err(SpoolError::Sqlite(_))));
    assert_eq!(tables.levels, before);
    assert_eq!(take(&mut tables, 10).len(), 1);
}

#[test]
fn a_late_answer_settles_but_does_not_take_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut tables = open(&folder);
    publish(&mut tables, 1).unwrap();
    let first = take(&mut tables, 1)[0];
    tables.transaction(|tables| tables.retry(first, Duration::ZERO)).unwrap();
    let second = take(&mut tables, 1)[0];
    assert_eq!(second.delivery, 2);
    tables.transaction(|tables| tables.retry(first, Duration::ZERO)).unwrap();
    assert!(take(&mut tables, 1).is_empty(), "the second delivery is under way");
    tables.transaction(|tables| tables.acknowledge(first)).unwrap();
    assert_eq!(tables.levels[&QUEUE], Level::default());
}

#[test]
fn a_spool_of_a_later_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let tables = open(&folder);
    tables.connection.pragma_update(None, "user_version", 3).unwrap();
    let shared = Arc::clone(&tables.shared);
    drop(tables);
    let error = Tables::open(shared, &folder.path().join("spool.db")).err().unwrap();
    assert!(matches!(error, SpoolError::Format(3)), "{error:?}");
}
