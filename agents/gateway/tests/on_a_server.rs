//! A gateway on a real server: what anybody may send to it, and what anybody may delete there.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use courant_article::{Entry, Revision, Text};
use courant_bus::{Bus, MessageId, Subject, Subscription};
use courant_cache::Cache;
use courant_gateway::{Config, Gateway};
use courant_proto::v1;
use courant_search::Search;
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

/// A gateway that works on a server of its own.
struct House {
    nats: NatsServer,
    bus: Bus,
    meters: Meters,
    shutdown: CancellationToken,
    running: tokio::task::JoinHandle<anyhow::Result<()>>,
    _folder: tempfile::TempDir,
}

impl House {
    async fn new(clock: Clock) -> Self {
        let nats = NatsServer::start(Sync::Sometimes).await.unwrap();
        let meters = Meters::new("test").unwrap();
        let meter = meters.meter();
        let config =
            courant_bus::Config { url: Some(nats.url()), ..courant_bus::Config::default() };
        let bus = Bus::connect(&config, clock.clone(), &meter).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let small = courant_store::Config { dimension: 3, ..courant_store::Config::default() };
        let file = folder.path().join("articles.db");
        let access = Access::ReadWrite;
        let store = Store::sqlite(&file, access, &small, clock.clone(), &meter).await.unwrap();
        let cache = Cache::memory(&courant_cache::Config::default(), &meter);
        let search = Search::in_memory(store).unwrap();
        let gateway =
            Gateway::build(Config::default(), bus.clone(), search, cache, clock, &meter).unwrap();
        let shutdown = CancellationToken::new();
        let control = Control::new("gateway", &shutdown);
        let running = tokio::spawn(async move { gateway.run(control).await });
        Self { nats, bus, meters, shutdown, running, _folder: folder }
    }

    /// A client of the server that is no part of Courant.
    async fn stranger(&self) -> async_nats::jetstream::Context {
        let client = async_nats::connect(self.nats.url()).await.unwrap();
        async_nats::jetstream::new(client)
    }

    async fn close(self) {
        self.shutdown.cancel();
        self.running.await.unwrap().unwrap();
    }
}

async fn until(condition: impl AsyncFn() -> bool) {
    let holds = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DEADLINE, holds).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_article_lost_with_its_stream_is_let_in_when_it_comes_again() {
    let house = House::new(Clock::fixed(NOW_MS + 1_000)).await;
    let bus = &house.bus;
    let mut decisions = bus.subscribe(Subject::ENTRY_DECIDED).await.unwrap();
    assert_eq!(decision(bus, &mut decisions, 1).await, v1::Decision::New);
    until(async || house.meters.render().unwrap().contains("courant_claims_open 1")).await;
    assert_eq!(decision(bus, &mut decisions, 2).await, v1::Decision::Duplicate);
    house.stranger().await.delete_stream("COURANT_ACCEPTED").await.unwrap();
    assert_eq!(decision(bus, &mut decisions, 3).await, v1::Decision::New);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_may_come_as_json() {
    let house = House::new(Clock::fixed(NOW_MS + 1_000)).await;
    let stranger = house.stranger().await;
    let send = async |json: &str| {
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("Content-Type", "application/json; charset=utf-8");
        let subject = "courant.entry.submitted";
        let sent = stranger.publish_with_headers(subject, headers, json.to_owned().into()).await;
        sent.unwrap().await.unwrap();
    };
    let mut decisions = house.bus.subscribe(Subject::ENTRY_DECIDED).await.unwrap();
    let whole = r#"{
        "url": "https://news.example.com/bridge", "title": "Old bridge stays",
        "text": "The council voted on Monday to keep the old harbour bridge open to all.",
        "submission_id": "mine-1", "observed_at": "2023-11-14T22:13:20Z"
    }"#;
    send(whole).await;
    let decided = tokio::time::timeout(DEADLINE, decisions.next()).await;
    let decided: v1::EntryDecided = decided.unwrap().unwrap();
    assert_eq!(decided.submission_id, "mine-1");
    assert_eq!(decided.decision(), v1::Decision::New);

    let wrong = [
        ("{", "EOF while parsing"),
        (r#"{"url": "https://a.example/1", "title": "T"}"#, "submission_id is missing"),
        (&whole.replace(r#""text":"#, r#""source":"#), "text is missing"),
        (&whole.replace("observed_at", "observed"), "unknown field `observed`"),
        (
            &whole.replace(r#", "observed_at": "2023-11-14T22:13:20Z""#, ""),
            "observed_at is missing",
        ),
        (&whole.replace("https://news", "ftp://news"), "http or https"),
    ];
    for (json, reason) in wrong {
        send(json).await;
        until(async || !house.bus.dead_letters(1).await.unwrap().is_empty()).await;
        let letter = house.bus.dead_letters(1).await.unwrap().remove(0);
        assert!(letter.error.contains(reason), "{json}: {}", letter.error);
        assert!(house.bus.drop_dead_letter(letter.sequence).await.unwrap());
    }
    house.close().await;
}

/// Runs a program to its end; it must succeed.
async fn run(mut command: Command) {
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_examples_of_the_documentation_publish() {
    let house = House::new(Clock::system()).await;
    let mut decisions = house.bus.subscribe(Subject::ENTRY_DECIDED).await.unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let examples = root.join("docs/examples");
    let deps = std::env::var_os("COURANT_DEPS").map_or_else(|| root.join(".deps"), PathBuf::from);

    let mut python = Command::new("python3");
    python.arg(examples.join("publish.py")).arg(house.nats.url());
    python.env("PYTHONPATH", deps.join("packages/nats-py")).env("PYTHONDONTWRITEBYTECODE", "1");
    let mut shell = Command::new("bash");
    let url = house.nats.url();
    let (_, port) = url.rsplit_once(':').unwrap();
    shell.arg(examples.join("publish.sh")).args(["127.0.0.1", port]);
    let test = std::env::current_exe().unwrap();
    let built = test.ancestors().nth(2).unwrap().join("examples/publish");
    let mut rust = Command::new(built);
    rust.arg(house.nats.url());

    for (name, example) in [("python-1", python), ("shell-1", shell), ("rust-1", rust)] {
        run(example).await;
        let decided = tokio::time::timeout(DEADLINE, decisions.next()).await;
        let decided: v1::EntryDecided = decided.unwrap().unwrap();
        assert_eq!(decided.submission_id, name);
        assert_eq!(decided.decision(), v1::Decision::New, "{}", decided.reason);
    }
    house.close().await;
}
