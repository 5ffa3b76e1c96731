use courant_proto::v1;
use courant_telemetry::Clock;

use super::*;
use crate::config::Config;
use crate::message::{Envelope, MessageId};
use crate::published::PublishAck;
use crate::stages::Stage;
use crate::subject::Subject;
use crate::system::MessagingSystem;

const QUEUE: Stream = Stage::GATEWAY.stream();

fn open(folder: &tempfile::TempDir) -> Tables {
    let meter = opentelemetry::global::meter("test");
    let shared =
        Shared::new(MessagingSystem::Courant, &Config::default(), Clock::system(), &meter).unwrap();
    Tables::open(shared, &folder.path().join("spool.db")).unwrap()
}

fn publish(tables: &mut Tables, n: usize) -> Result<Option<PublishAck>, SpoolError> {
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

fn take(tables: &mut Tables, count: usize) -> Vec<DeliveryLease> {
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
    for lease in &leases[3..] {
        tables.transaction(|tables| tables.release(*lease)).unwrap();
    }
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
    assert_eq!(tables.levels[&QUEUE], StreamLevel::default());
}

#[test]
fn a_spool_of_a_later_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let tables = open(&folder);
    tables.connection.pragma_update(None, "user_version", FORMAT + 1).unwrap();
    let shared = Arc::clone(&tables.shared);
    drop(tables);
    let error = Tables::open(shared, &folder.path().join("spool.db")).err().unwrap();
    assert!(matches!(error, SpoolError::Format(found) if found == FORMAT + 1), "{error:?}");
}

/// The spool as the next process finds it, after one that was killed.
fn killed(tables: Tables, folder: &tempfile::TempDir) -> Tables {
    drop(tables);
    open(folder)
}

#[test]
fn a_message_that_ends_the_process_is_buried_without_those_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut tables = open(&folder);
    for n in 0..20 {
        publish(&mut tables, n).unwrap();
    }
    // The fourth message ends whoever handles it.
    let culprit = 4;
    let mut handled = Vec::new();
    let mut ends = 0;
    loop {
        let leases = take(&mut tables, 100);
        if leases.is_empty() {
            break;
        }
        if leases.iter().any(|lease| lease.sequence == culprit) {
            ends += 1;
            assert!(ends == 1 || leases.len() == 1, "{leases:?}");
            tables = killed(tables, &folder);
            continue;
        }
        for lease in leases {
            assert_eq!(lease.delivery, 1, "a bystander's deliveries do not count");
            tables.transaction(|tables| tables.acknowledge(lease)).unwrap();
            handled.push(lease.sequence);
        }
    }
    handled.sort_unstable();
    let bystanders: Vec<u64> = (1..=20).filter(|sequence| *sequence != culprit).collect();
    assert_eq!(handled, bystanders);
    assert_eq!(ends, 1 + tables.shared.config.max_deliver);
    let letters = tables.dead_letters(9).unwrap();
    assert_eq!(letters.len(), 1);
    assert!(letters[0].error.contains("handled this message alone"), "{}", letters[0].error);
}

#[test]
fn a_stage_that_nobody_works_for_holds_no_other_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut tables = open(&folder);
    publish(&mut tables, 1).unwrap();
    let message = Envelope::seal(Some(&MessageId::new("2")), &v1::Entry::default()).unwrap();
    let embedded = Subject::ARTICLE_EMBEDDED;
    tables
        .transaction(|tables| {
            tables.publish(embedded, Stage::ANALYST.stream(), &message)?;
            tables.take(Stage::ANALYST, 1).map(drop)
        })
        .unwrap();
    let mut tables = killed(tables, &folder);
    assert_eq!(take(&mut tables, 9).len(), 1, "no analyst asks");
    let mut taken = 0;
    tables
        .transaction(|tables| {
            taken = tables.take(Stage::ANALYST, 1)?.messages.len();
            Ok(())
        })
        .unwrap();
    assert_eq!(taken, 0, "it is not handed out beside another");
    publish(&mut tables, 3).unwrap();
    assert_eq!(take(&mut tables, 9).len(), 0, "the others hold back now");
}

#[test]
fn after_an_end_without_a_culprit_work_goes_on_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut tables = open(&folder);
    for n in 0..10 {
        publish(&mut tables, n).unwrap();
    }
    assert_eq!(take(&mut tables, 5).len(), 5);
    let mut tables = killed(tables, &folder);
    for _ in 0..5 {
        let lease = take(&mut tables, 5);
        assert_eq!((lease.len(), take(&mut tables, 5).len()), (1, 0), "one at a time");
        tables.transaction(|tables| tables.retry(lease[0], Duration::from_secs(9))).unwrap();
    }
    assert_eq!(tables.take_touched().len(), tables.shared.table.streams().len());
    assert_eq!(take(&mut tables, 9).len(), 5, "no suspect is left");
}
