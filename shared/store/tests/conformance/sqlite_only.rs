//! One file, one writing process.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use courant_article::{ArticleId, Decision, Embedding};
use courant_gpu_utils::Config as GpuConfig;
use courant_gpu_utils::hybrid::Metrics;
use courant_gpu_utils::similarity::HybridMatrix;
use courant_store::{Access, Config, Error, Store};
use courant_telemetry::{Clock, Meters};
use courant_vectors::ScanPlacement;

use crate::house::{DIMENSION, Ground, House, config, id, record};

async fn open(path: &std::path::Path, access: Access, config: &Config) -> Result<Store, Error> {
    let meter = Meters::new("test").unwrap().meter();
    Store::sqlite(path, access, config, Clock::fixed(0), &meter).await
}

/// A new store in `folder` whose vectors are compared by `place`.
async fn placed(
    folder: &tempfile::TempDir,
    place: Option<ScanPlacement>,
    meters: &Meters,
) -> Result<Store, Error> {
    let (path, meter) = (folder.path().join("store.db"), meters.meter());
    let (access, config) = (Access::ReadWrite, config());
    Store::sqlite_at(&path, access, &config, Clock::fixed(0), &meter, place).await
}

/// Places the vectors as those of a device that is slower than the CPU.
fn hybrid(meters: &Meters) -> ScanPlacement {
    let metrics = Metrics::new(&meters.meter());
    Box::new(|matrix| Ok(Box::new(HybridMatrix::new(matrix, metrics))))
}

#[tokio::test]
async fn a_reader_beside_the_writer_sees_what_is_committed() {
    let house = House::sqlite().await;
    house.put(&[record("a", "Ferry", "text", [1.0, 0.0, 0.0, 0.0])]).await;
    let reader = open(&house.file(), Access::ReadOnly, &config()).await.unwrap();
    house.put(&[record("b", "Ferry", "text", [1.0, 0.0, 0.0, 0.0])]).await;
    assert!(reader.articles().get(id("b")).await.unwrap().is_some());
    let vector = Embedding::from_unit(vec![1.0, 0.0, 0.0, 0.0]);
    let near = reader.articles().nearest(&vector, 10, None).await.unwrap();
    assert_eq!(near.len(), 1, "the vectors at the time of opening");
    let written = reader.articles().upsert(&[record("c", "", "", [0.0; 4])]).await;
    assert!(matches!(written, Err(Error::ReadOnly)));
    reader.ping().await.unwrap();
}

#[tokio::test]
async fn placed_vectors_are_searched_by_a_dispatched_scan_of_all_rows() {
    let (folder, meters) = (tempfile::tempdir().unwrap(), Meters::new("test").unwrap());
    let store = placed(&folder, Some(hybrid(&meters)), &meters).await.unwrap();
    let records: Vec<_> = (0..5)
        .map(|n| record(&n.to_string(), "T", &n.to_string(), [1.0, n as f32, 0.0, 0.0]))
        .collect();
    store.articles().upsert(&records).await.unwrap();
    let vector = Embedding::normalized(vec![1.0, 3.0, 0.0, 0.0]);
    assert_eq!(store.articles().nearest(&vector, 1, None).await.unwrap()[0].id, id("3"));
    let text = meters.render().unwrap();
    let on_cpu = r#"{device="cpu",operation="top_k"}"#;
    for line in [
        format!("courant_gpu_batch_items_sum{on_cpu} 5"),
        format!("courant_gpu_latency_microseconds_count{on_cpu} 1"),
    ] {
        assert!(text.contains(&line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("courant_gpu_launch"), "{text}");
}

/// No machine has such a device.
#[tokio::test]
async fn without_the_gpu_that_is_required_the_store_is_not_used() {
    let (folder, meters) = (tempfile::tempdir().unwrap(), Meters::new("test").unwrap());
    let absent = GpuConfig { device: 9_999, ..GpuConfig::default() };
    assert!(HybridMatrix::place(&absent, &meters.meter()).unwrap().is_none());
    let required = GpuConfig { require_gpu: true, ..absent };
    assert!(HybridMatrix::place(&required, &meters.meter()).is_err());
    let refused = placed(&folder, Some(Box::new(|_| Err("no room".into()))), &meters).await;
    assert!(matches!(refused, Err(Error::Place(_))), "{refused:?}");
}

#[tokio::test]
async fn without_a_device_no_scan_is_dispatched() {
    let (folder, meters) = (tempfile::tempdir().unwrap(), Meters::new("test").unwrap());
    let store = placed(&folder, None, &meters).await.unwrap();
    let records = ["a", "b"].map(|name| record(name, "T", name, [1.0, 0.0, 0.0, 0.0]));
    store.articles().upsert(&records).await.unwrap();
    let near = store.articles().nearest(&records[0].vector, 9, None).await.unwrap();
    assert_eq!(near.len(), 2);
    assert!(!meters.render().unwrap().contains("courant_gpu"));
}

#[tokio::test]
async fn a_copy_of_a_file_begins_a_history_of_its_own() {
    let house = House::sqlite().await;
    house.put(&[record("a", "Ferry", "text", [1.0, 0.0, 0.0, 0.0])]).await;
    let head = house.store.articles().head().await.unwrap();
    let path = house.file();
    house.store.close().await.unwrap();
    let copy = path.with_file_name("copy.db");
    std::fs::copy(&path, &copy).unwrap();
    let epoch = async |path: &Path| {
        let store = open(path, Access::ReadWrite, &config()).await.unwrap();
        let head = store.articles().head().await.unwrap();
        store.close().await.unwrap();
        (head.epoch, head.change)
    };
    let copied = epoch(&copy).await;
    assert!(copied.0 != head.epoch && copied.1 == head.change, "{copied:?} {head:?}");
    assert_eq!(epoch(&copy).await, copied);
    assert_eq!(epoch(&path).await, (head.epoch, head.change));
}

#[tokio::test]
async fn a_reader_alone_sees_what_was_stored() {
    let house = House::sqlite().await;
    house.put(&[record("a", "Ferry", "text", [1.0, 0.0, 0.0, 0.0])]).await;
    let path = house.file();
    house.store.close().await.unwrap();
    let reader = open(&path, Access::ReadOnly, &config()).await.unwrap();
    assert!(reader.articles().get(id("a")).await.unwrap().is_some());
    let log = path.with_file_name("store.db-wal");
    assert!(!log.exists() || log.metadata().unwrap().len() == 0, "the log is in the file");
}

#[tokio::test]
async fn a_second_writer_is_refused() {
    let house = House::sqlite().await;
    let error = open(&house.file(), Access::ReadWrite, &config()).await.unwrap_err();
    assert!(matches!(error, Error::InUse(_)), "{error}");
}

#[tokio::test]
async fn what_is_not_a_store_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let missing = open(&path, Access::ReadOnly, &config()).await.unwrap_err();
    assert!(matches!(missing, Error::Missing(_)), "{missing}");

    std::fs::write(&path, "Dear diary, ".repeat(1000)).unwrap();
    for access in [Access::ReadWrite, Access::ReadOnly] {
        let text = open(&path, access, &config()).await.unwrap_err();
        assert!(matches!(text, Error::Foreign(_)), "{text}");
    }
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("Dear diary"));

    let other = folder.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    for access in [Access::ReadWrite, Access::ReadOnly] {
        let foreign = open(&other, access, &config()).await.unwrap_err();
        assert!(matches!(foreign, Error::Foreign(_)), "{foreign}");
    }

    let nowhere = folder.path().join("no/such/folder/store.db");
    let error = open(&nowhere, Access::ReadWrite, &config()).await.unwrap_err();
    assert!(matches!(error, Error::Open { .. }), "{error}");
}

#[tokio::test]
async fn a_newer_store_and_another_dimension_are_refused() {
    let house = House::sqlite().await;
    let path = house.file();
    house.store.close().await.unwrap();
    let wider = Config { dimension: 384, ..config() };
    let error = open(&path, Access::ReadOnly, &wider).await.unwrap_err();
    assert!(
        matches!(error, Error::StoredDimension { stored: DIMENSION, configured: 384 }),
        "{error}"
    );
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    let error = open(&path, Access::ReadWrite, &config()).await.unwrap_err();
    assert!(matches!(error, Error::Newer { found: 99, .. }), "{error}");
}

#[tokio::test]
async fn a_damaged_file_is_an_error_not_an_empty_answer() {
    let house = House::sqlite().await;
    let records: Vec<_> = (0..200)
        .map(|n| record(&n.to_string(), "Title", &"text ".repeat(200), [1.0, 0.0, 0.0, 0.0]))
        .collect();
    house.put(&records).await;
    let path = house.file();
    house.store.close().await.unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    // The first page, with the list of tables, stays.
    bytes[4096..].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    let error = open(&path, Access::ReadWrite, &config()).await.unwrap_err();
    assert!(matches!(error, Error::Corrupt(_)), "{error}");
}

/// A closed file with 300 articles that were claimed and stored; their ids in order.
async fn closed_file() -> (Ground, std::path::PathBuf, Vec<ArticleId>) {
    let house = House::sqlite().await;
    let names: Vec<String> = (0..300).map(|n| n.to_string()).collect();
    let mut records = Vec::new();
    for name in &names {
        let text = format!("{name} {}", "text ".repeat(400));
        crate::claims::claim(&house, name, &text, 1000, "example.com").await;
        let mut one = record(name, "Title", &text, [1.0, 0.0, 0.0, 0.0]);
        (one.article.decision, one.article.syndicated_of) = (Decision::New, None);
        records.push(one);
    }
    house.put(&records).await;
    let path = house.file();
    let House { store, ground, .. } = house;
    store.close().await.unwrap();
    (ground, path, names.iter().map(|name| id(name)).collect())
}

#[tokio::test]
async fn what_is_whole_of_a_damaged_file_is_saved_and_the_rest_is_named() {
    let (_folder, path, ids) = closed_file().await;
    let whole = Store::check_sqlite(&path, &config()).await.unwrap();
    assert!(whole.is_whole() && whole.articles == 300 && whole.open_claims == 0, "{whole:?}");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 8192 * 4096;
    bytes[middle..middle + 10 * 4096].fill(0xa5);
    std::fs::write(&path, &bytes).unwrap();
    let found = Store::check_sqlite(&path, &config()).await.unwrap();
    assert!(!found.is_whole(), "{found:?}");
    assert!(found.problems.iter().all(|problem| problem.contains("store.db")), "{found:?}");

    let repair = Store::repair_sqlite(&path, &config()).await.unwrap();
    assert_eq!(repair.saved + repair.lost.len() as u64, 300, "{repair:?}");
    assert!(repair.saved >= 270 && repair.saved < 300, "{repair:?}");
    assert_eq!(std::fs::read(&repair.kept_at).unwrap(), bytes, "the damaged file is kept");
    let again = Store::check_sqlite(&path, &config()).await.unwrap();
    assert!(again.is_whole() && again.articles == repair.saved, "{again:?}");
    let store = open(&path, Access::ReadWrite, &config()).await.unwrap();
    for article in &ids {
        let is_lost = repair.lost.contains(article);
        assert_eq!(store.articles().get(*article).await.unwrap().is_none(), is_lost);
        assert_eq!(store.claims().known(&[*article]).await.unwrap(), [!is_lost]);
    }
}

#[tokio::test]
async fn articles_claims_and_vectors_are_matched() {
    let (_folder, path, ids) = closed_file().await;
    let file = rusqlite::Connection::open(&path).unwrap();
    let of = |n: usize| ids[n].as_bytes().to_vec();
    let by = |sql: &str, n: usize| assert_eq!(file.execute(sql, [of(n)]).unwrap(), 1);
    by("DELETE FROM article WHERE id = ?1", 0);
    by("DELETE FROM fingerprint WHERE id = ?1", 1);
    by(
        "UPDATE article_vector SET vector = x'00' FROM article
        WHERE article.number = article_vector.number AND id = ?1",
        2,
    );
    drop(file);
    let found = Store::check_sqlite(&path, &config()).await.unwrap();
    assert_eq!(found.lost, [ids[0]]);
    for problem in ["1 articles have no vector", "1 articles are unknown to the duplicate"] {
        assert!(found.problems.iter().any(|found| found.contains(problem)), "{found:?}");
    }
    let repair = Store::repair_sqlite(&path, &config()).await.unwrap();
    assert_eq!(repair.saved, 298);
    assert!(repair.lost.contains(&ids[0]) && repair.lost.contains(&ids[2]), "{repair:?}");
    assert!(Store::check_sqlite(&path, &config()).await.unwrap().is_whole());
    let store = open(&path, Access::ReadWrite, &config()).await.unwrap();
    assert_eq!(store.claims().known(&ids[..3]).await.unwrap(), [false, true, false]);
}

/// Runs as a process of its own: stores and claims until it is killed, and
/// tells after each what is safe.
#[tokio::test]
#[ignore = "run by acknowledged_writes_survive_a_kill"]
async fn writing_process() {
    let Some(path) = std::env::var_os("STORE_UNDER_TEST") else {
        return;
    };
    let store = open(path.as_ref(), Access::ReadWrite, &config()).await.unwrap();
    let start = store.counts().await.unwrap().articles;
    for number in start.. {
        let name = number.to_string();
        let claim = crate::claims::made(&name, &name, 1, "a.com");
        assert_eq!(store.claims().judge(&claim).await.unwrap().verdict.decision, Decision::New);
        store
            .articles()
            .upsert(&[record(&name, "Title", &name, [1.0, 0.0, 0.0, 0.0])])
            .await
            .unwrap();
        writeln!(std::io::stdout(), "stored {}", id(&name)).unwrap();
    }
}

#[tokio::test]
async fn acknowledged_writes_survive_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut acknowledged: Vec<ArticleId> = Vec::new();
    for writes in [1, 7, 30, 90] {
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["sqlite_only::writing_process", "--exact", "--ignored", "--nocapture"])
            .env("STORE_UNDER_TEST", &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        let stored = lines.map_while(Result::ok).filter_map(|line| {
            // The test runner's own words may stand before it in the line.
            line.split_once("stored ").map(|(_, id)| id.parse::<ArticleId>().unwrap())
        });
        acknowledged.extend(stored.take(writes));
        writer.kill().unwrap();
        writer.wait().unwrap();
        let store = open(&path, Access::ReadWrite, &config()).await.unwrap();
        for id in &acknowledged {
            assert!(store.articles().get(*id).await.unwrap().is_some(), "{id} was acknowledged");
        }
        let claimed = store.claims().known(&acknowledged).await.unwrap();
        assert!(claimed.iter().all(|known| *known));
        // Found by both indexes, once each.
        let counts = store.counts().await.unwrap();
        let listed = store.articles().list(None, usize::MAX).await.unwrap();
        assert_eq!(listed.len() as u64, counts.articles);
    }
    assert_eq!(acknowledged.len(), 128);
}

#[tokio::test]
async fn a_store_of_an_older_version_is_brought_up_to_date() {
    let house = House::sqlite().await;
    house.put(&[record("a", "Ferry", "text", [1.0, 0.0, 0.0, 0.0])]).await;
    let path = house.file();
    house.store.close().await.unwrap();
    let older = path.with_file_name("older.db");
    copied_to_version_1(&path, &older);
    let store = open(&older, Access::ReadWrite, &config()).await.unwrap();
    assert!(store.articles().get(id("a")).await.unwrap().is_some());
    assert_eq!(store.claims().sketches(0, 10).await.unwrap(), []);
}

/// A file as the first step of the ladder makes it, with the articles of `store`.
fn copied_to_version_1(store: &std::path::Path, older: &std::path::Path) {
    let first = include_str!("../../migrations/sqlite/001_articles.sql");
    let older = rusqlite::Connection::open(older).unwrap();
    older.execute_batch(&first.replace("{dimension}", &DIMENSION.to_string())).unwrap();
    older.pragma_update(None, "user_version", 1).unwrap();
    older.execute("ATTACH ?1 AS newer", [store.to_str()]).unwrap();
    let query = "SELECT group_concat(name) FROM pragma_table_info('article')";
    let columns: String = older.query_row(query, [], |row| row.get(0)).unwrap();
    let copy = format!(
        "INSERT INTO article ({columns}) SELECT {columns}
         FROM newer.article JOIN newer.article_vector USING (number)"
    );
    older.execute_batch(&copy).unwrap();
}
