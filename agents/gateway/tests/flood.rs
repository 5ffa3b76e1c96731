//! The same article, a hundred times at once: it is let in once, by one gateway on
//! SQLite as by two replicas on Postgres and Redis.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use courant_article::{Entry, Revision, Text};
use courant_bus::{Bus, MessageId, Stage, Subject};
use courant_cache::Cache;
use courant_config::Secret;
use courant_gateway::{Config, Gateway};
use courant_proto::v1;
use courant_search::Search;
use courant_service::Control;
use courant_store::{Access, Store};
use courant_telemetry::{Clock, Meters};
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

#[path = "../../../tests/src/guarded.rs"]
mod guarded;
#[path = "../../../tests/src/postgres.rs"]
pub mod postgres;
#[path = "../../../tests/src/redis.rs"]
pub mod redis;

use postgres::Postgres;
use redis::Redis;

const NOW_MS: i64 = 1_700_000_000_000;
const DEADLINE: Duration = Duration::from_secs(60);
const TIMES: u32 = 100;

/// The servers that the gateways use, kept until the end.
struct Servers {
    _postgres: Postgres,
    redis: Redis,
}

/// One gateway, or two that share their work.
struct House {
    gateways: Vec<Arc<Gateway>>,
    bus: Bus,
    meters: Meters,
    shutdown: CancellationToken,
    running: JoinSet<anyhow::Result<()>>,
    servers: Option<Servers>,
    _folder: TempDir,
}

impl House {
    async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let meters = Meters::new("test").unwrap();
        let (access, path) = (Access::ReadWrite, folder.path().join("articles.db"));
        let clock = Clock::fixed(NOW_MS);
        let store = Store::sqlite(&path, access, &small(), clock, &meters.meter()).await.unwrap();
        let cache = Cache::memory(&courant_cache::Config::default(), &meters.meter());
        Self::open(folder, meters, vec![(store, cache)], None)
    }

    async fn on_servers() -> Self {
        let (postgres, redis) = (Postgres::start().unwrap(), Redis::start().unwrap());
        let meters = Meters::new("test").unwrap();
        let store = courant_store::Config { url: Some(Secret::new(postgres.url())), ..small() };
        let cache = courant_cache::Config {
            redis_url: Some(Secret::new(redis.url())),
            redis_timeout_ms: 5000,
            ..courant_cache::Config::default()
        };
        let mut grounds = Vec::new();
        for _ in 0..2 {
            let clock = Clock::fixed(NOW_MS);
            let store = Store::postgres(&store, clock, &meters.meter()).await.unwrap();
            grounds.push((store, Cache::connect(&cache, &meters.meter()).unwrap()));
        }
        let servers = Servers { _postgres: postgres, redis };
        Self::open(tempfile::tempdir().unwrap(), meters, grounds, Some(servers))
    }

    fn open(
        folder: TempDir,
        meters: Meters,
        grounds: Vec<(Store, Cache)>,
        servers: Option<Servers>,
    ) -> Self {
        let (clock, meter) = (Clock::fixed(NOW_MS), meters.meter());
        let spool = folder.path().join("spool.db");
        let config = courant_bus::Config::default();
        let bus = Bus::embedded(&config, &spool, clock.clone(), &meter).unwrap();
        let shutdown = CancellationToken::new();
        let mut running = JoinSet::new();
        let gateways: Vec<_> = grounds
            .into_iter()
            .map(|(store, cache)| {
                let (config, bus, clock) = (Config::default(), bus.clone(), clock.clone());
                let search = Search::in_memory(store).unwrap();
                Arc::new(Gateway::build(config, bus, search, cache, clock, &meter).unwrap())
            })
            .collect();
        for gateway in &gateways {
            let control = Control::new("gateway", &shutdown);
            let gateway = Arc::clone(gateway);
            running.spawn(async move { gateway.run(control).await });
        }
        Self { gateways, bus, meters, shutdown, running, servers, _folder: folder }
    }

    /// Submits all at once, half over the bus and half over HTTP, and counts what is
    /// decided.
    async fn decisions(&self, entries: Vec<Entry>) -> BTreeMap<&'static str, usize> {
        let mut events =
            self.bus.subscribe::<v1::EntryDecided>(Subject::ENTRY_DECIDED).await.unwrap();
        let count = entries.len();
        let mut sending = JoinSet::new();
        for (place, entry) in entries.into_iter().enumerate() {
            let (bus, gateways) = (self.bus.clone(), &self.gateways);
            let gateway = Arc::clone(&gateways[place / 2 % gateways.len()]);
            sending.spawn(async move {
                if place % 2 == 0 {
                    over_bus(&bus, entry).await;
                } else {
                    over_http(&gateway, &entry).await;
                }
            });
        }
        let mut decided = BTreeMap::new();
        for _ in 0..count {
            let event = tokio::time::timeout(DEADLINE, events.next()).await.unwrap().unwrap();
            *decided.entry(event.decision().as_str_name()).or_default() += 1;
        }
        sending.join_all().await;
        decided
    }

    /// Articles that wait for the embedder.
    async fn let_in(&self) -> u64 {
        let queues = self.bus.queues().await.unwrap();
        queues.iter().find(|queue| queue.stages == [Stage::EMBEDDER]).unwrap().depth
    }

    async fn close(mut self) {
        self.shutdown.cancel();
        while let Some(ended) = self.running.join_next().await {
            ended.unwrap().unwrap();
        }
    }
}

fn small() -> courant_store::Config {
    courant_store::Config { dimension: 3, ..courant_store::Config::default() }
}

async fn over_bus(bus: &Bus, entry: Entry) {
    let id = MessageId::new(entry.submission_id.clone());
    bus.offer(Subject::ENTRY_SUBMITTED, &id, &v1::Entry::from(entry)).await.unwrap();
}

async fn over_http(gateway: &Gateway, entry: &Entry) {
    let seen = jiff::Timestamp::from_millisecond(entry.observed_at.0).unwrap();
    let body = json!({
        "submission_id": entry.submission_id, "url": entry.url, "title": entry.title,
        "text": entry.text.as_str(), "observed_at": seen.to_string(),
    });
    let request = Request::post("/v1/articles")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = gateway.routes().into_router().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 202);
}

fn entry(number: u32, url: String, words: std::ops::Range<u32>) -> Entry {
    Entry {
        submission_id: format!("{url} {number}"),
        url,
        title: "A title".into(),
        text: Text::new(words.map(|word| format!("word{word} ")).collect()),
        observed_at: Revision(NOW_MS - i64::from(number)),
        source: "test".into(),
        ..Entry::default()
    }
}

async fn the_same_article_is_let_in_once(house: House) {
    let same = |number| entry(number, "https://news.example.com/bridge".into(), 0..200);
    let decided = house.decisions((0..TIMES).map(same).collect()).await;
    assert_eq!(decided, [("DECISION_DUPLICATE", 99), ("DECISION_NEW", 1)].into());
    assert_eq!(house.let_in().await, 1);
    house.close().await;
}

async fn near_copies_on_one_site_are_let_in_once(house: House) {
    let copy = |number: u32| {
        entry(number, format!("https://news.example.com/{number}"), number % 10..200 + number % 7)
    };
    let decided = house.decisions((0..TIMES).map(copy).collect()).await;
    assert_eq!(decided, [("DECISION_DUPLICATE", 99), ("DECISION_NEW", 1)].into());
    assert_eq!(house.let_in().await, 1);
    house.close().await;
}

async fn near_copies_of_many_publishers_have_one_first(house: House) {
    let copy = |number: u32| {
        entry(number, format!("https://site{number}.example/x"), number % 10..200 + number % 7)
    };
    let decided = house.decisions((0..TIMES).map(copy).collect()).await;
    assert_eq!(decided, [("DECISION_NEW", 1), ("DECISION_SYNDICATED", 99)].into());
    let metrics = house.meters.render().unwrap();
    for expected in ["courant_near_checks_left_out_total 0", "stage=\"near\"} 100"] {
        assert!(metrics.contains(expected), "{expected} is not in\n{metrics}");
    }
    house.close().await;
}

mod on_sqlite {
    use super::House;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_same_article_is_let_in_once() {
        super::the_same_article_is_let_in_once(House::on_sqlite().await).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn near_copies_on_one_site_are_let_in_once() {
        super::near_copies_on_one_site_are_let_in_once(House::on_sqlite().await).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn near_copies_of_many_publishers_have_one_first() {
        super::near_copies_of_many_publishers_have_one_first(House::on_sqlite().await).await;
    }
}

mod on_servers {
    use super::House;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_same_article_is_let_in_once() {
        super::the_same_article_is_let_in_once(House::on_servers().await).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn near_copies_on_one_site_are_let_in_once() {
        super::near_copies_on_one_site_are_let_in_once(House::on_servers().await).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn near_copies_of_many_publishers_have_one_first() {
        super::near_copies_of_many_publishers_have_one_first(House::on_servers().await).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn without_redis_the_exact_text_still_decides_and_the_metrics_say_so() {
        let mut house = House::on_servers().await;
        house.servers.as_mut().unwrap().redis.kill().unwrap();
        let site = |number: u32| format!("https://site{number}.example/x");
        let copies = (0..10).map(|number| super::entry(number, site(number), 0..200));
        let decided = house.decisions(copies.collect()).await;
        assert_eq!(decided, [("DECISION_NEW", 1), ("DECISION_SYNDICATED", 9)].into());
        let metrics = house.meters.render().unwrap();
        let expected = "courant_near_checks_left_out_total 10";
        assert!(metrics.contains(expected), "{expected} is not in\n{metrics}");
        house.close().await;
    }
}
