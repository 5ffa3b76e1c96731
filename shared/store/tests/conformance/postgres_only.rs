//! A server that is away, slow, or shared.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use courant_config::Secret;
use courant_store::{Config, Error, Store};
use courant_telemetry::{Clock, Meters};
use tokio::net::TcpListener;
use tokio_postgres::NoTls;

use crate::house::{House, config, id, record};
use crate::postgres::Postgres;

async fn connect(url: &str, config: Config) -> Result<Store, Error> {
    let config = Config { url: Some(Secret::new(url)), ..config };
    let meter = Meters::new("test").unwrap().meter();
    Store::postgres(&config, Clock::fixed(0), &meter).await
}

/// The same server's database `name`.
fn database(url: &str, name: &str) -> String {
    let (server, _) = url.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

fn impatient() -> Config {
    Config { connect_timeout_s: 1, command_timeout_s: 1, ..config() }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_at_once() {
    let error = connect("postgres://u:hunter2@127.0.0.1:1/db", impatient()).await.unwrap_err();
    let message = error.to_string();
    assert!(matches!(error, Error::Unreachable { .. }) && error.is_transient(), "{message}");
    assert!(message.contains("127.0.0.1:1") && !message.contains("hunter2"), "{message}");
}

#[tokio::test]
async fn a_server_that_accepts_and_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://u@{}/db", listener.local_addr().unwrap());
    let start = Instant::now();
    let error = connect(&url, impatient()).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_wrong_address_hides_the_password() {
    let error = connect("mysql://u:hunter2@h/db", config()).await.unwrap_err();
    assert!(matches!(error, Error::Config(_)), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[tokio::test]
async fn the_server_s_refusal_is_told_in_its_words() {
    let server = Postgres::start().unwrap();
    let url = database(&server.url(), "no_such_database");
    let error = connect(&url, config()).await.unwrap_err();
    assert!(error.to_string().contains("no_such_database"), "{error}");
}

#[tokio::test]
async fn many_processes_may_start_at_once() {
    let server = Postgres::start().unwrap();
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let url = server.url();
            tokio::spawn(async move { connect(&url, config()).await })
        })
        .collect();
    for start in starts {
        start.await.unwrap().unwrap().ping().await.unwrap();
    }
}

#[tokio::test]
async fn another_dimension_is_refused() {
    let house = House::postgres().await;
    let wider = Config { dimension: 384, ..house.config.clone() };
    let meter = house.meters.meter();
    let error = Store::postgres(&wider, Clock::fixed(0), &meter).await.unwrap_err();
    assert!(matches!(error, Error::StoredDimension { stored: 4, configured: 384 }), "{error}");
}

#[tokio::test]
async fn a_user_without_special_rights_can_use_the_store() {
    let house = House::postgres().await;
    let url = match &house.ground {
        crate::house::Ground::Server(server) => server.url(),
        crate::house::Ground::Folder(_) => unreachable!(),
    };
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("CREATE ROLE plain LOGIN").await.unwrap();
    client.batch_execute("CREATE DATABASE theirs OWNER plain").await.unwrap();
    let ours = database(&url, "theirs");
    let theirs = ours.replace("postgres@", "plain@");
    let refused = connect(&theirs, config()).await.unwrap_err();
    assert!(matches!(refused, Error::Pgvector(_)), "{refused}");
    let (client, connection) = tokio_postgres::connect(&ours, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("CREATE EXTENSION vector").await.unwrap();
    let store = connect(&theirs, config()).await.unwrap();
    store.articles().upsert(&[record("a", "", "", [1.0, 0.0, 0.0, 0.0])]).await.unwrap();
}

#[tokio::test]
async fn a_full_pool_is_an_error_in_time() {
    let server = Postgres::start().unwrap();
    let one =
        Config { pool_min: 1, pool_max: 1, connect_timeout_s: 1, command_timeout_s: 3, ..config() };
    let store = connect(&server.url(), one).await.unwrap();
    server.signal("STOP").unwrap();
    let (first, second) = tokio::join!(store.ping(), store.ping());
    assert!(matches!(first, Err(Error::Timeout(_))), "{first:?}");
    assert!(matches!(second, Err(Error::Busy(_))), "{second:?}");
    server.signal("CONT").unwrap();
    eventually(&store).await;
}

/// Waits until the store answers.
async fn eventually(store: &Store) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while let Err(error) = store.ping().await {
        assert!(error.is_transient(), "{error:?}");
        assert!(Instant::now() < deadline, "{error}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_server_that_hangs_costs_one_timeout() {
    let server = Postgres::start().unwrap();
    let store = connect(&server.url(), impatient()).await.unwrap();
    server.signal("STOP").unwrap();
    let start = Instant::now();
    let error = store.ping().await.unwrap_err();
    assert!(matches!(error, Error::Timeout(_)) && error.is_transient(), "{error}");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    server.signal("CONT").unwrap();
    eventually(&store).await;
}

#[tokio::test]
async fn acknowledged_writes_survive_a_kill_of_the_server() {
    let mut house = House::postgres().await;
    house.put(&[record("a", "Ferry", "text", [1.0, 0.0, 0.0, 0.0])]).await;
    crate::claims::claim(&house, "a", "text", 1, "a.com").await;
    house.server().kill().unwrap();
    let error = house.store.ping().await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }) && error.is_transient(), "{error}");
    house.server().restart().unwrap();
    eventually(&house.store).await;
    assert!(house.store.articles().get(id("a")).await.unwrap().is_some());
    assert_eq!(house.store.claims().known(&[id("a")]).await.unwrap(), [true]);
}

/// The lines that are logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_statement_is_logged_once_with_its_plan_and_without_values() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber =
        tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let server = Postgres::start().unwrap();
    let store = connect(&server.url(), Config { slow_query_ms: 1, ..config() }).await.unwrap();
    let records: Vec<_> = (0..500)
        .map(|n| record(&format!("secret-{n}"), "T", "hidden words", [1.0, 0.0, 0.0, 0.0]))
        .collect();
    let deadline = Instant::now() + Duration::from_secs(20);
    for part in records.chunks(100).cycle() {
        store.articles().upsert(part).await.unwrap();
        if lines.text().contains("slow statement") {
            break;
        }
        assert!(Instant::now() < deadline, "{}", lines.text());
    }
    store.articles().upsert(&records).await.unwrap();
    let text = lines.text();
    assert_eq!(text.matches("slow statement").count(), 1, "{text}");
    assert!(text.contains("cost=") && text.contains("statement="), "{text}");
    assert!(!text.contains("secret") && !text.contains("hidden"), "{text}");
}
