//! Tests two crawler processes on one NATS server and one Postgres. They share the sites, even
//! while one of them is suspended or gone.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../../tests/src/guarded.rs"]
mod guarded;
#[path = "../../../tests/src/nats.rs"]
#[expect(dead_code, unreachable_pub, reason = "written for a crate of its own")]
mod nats;
#[path = "../../../tests/src/postgres.rs"]
#[expect(dead_code, unreachable_pub, reason = "written for a crate of its own")]
mod postgres;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use courant_bus::{Bus, Stage};
use courant_dedup::registered_domain_of;
use courant_newsstand::{LoggedRequest, Newsstand, Site, many};
use courant_proto::v1;
use courant_telemetry::{Clock, Meters};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use self::nats::{NatsServer, Sync};
use self::postgres::Postgres;

/// The delay between two requests to a registered domain, from either crawler.
const DELAY: Duration = Duration::from_millis(500);
const LEASE: Duration = Duration::from_secs(5);
/// The time within which the domains of a dead crawler are taken over.
const TAKE_OVER: Duration = Duration::from_secs(30);
/// The time that one step may take on a machine that is busy with other things.
const STEP: Duration = Duration::from_secs(120);

/// The servers, the sites, and all that was submitted.
struct World {
    nats: NatsServer,
    postgres: Postgres,
    stand: Newsstand,
    pages: BTreeSet<String>,
    submitted: Arc<Mutex<BTreeSet<String>>>,
    folder: TempDir,
}

impl World {
    async fn start() -> Self {
        let nats = NatsServer::start(Sync::Sometimes).await.unwrap();
        let postgres = Postgres::start().unwrap();
        let sites = sites();
        let url = |host: &str, path: &str| format!("http://{host}{path}");
        let pages = sites
            .iter()
            .flat_map(|site| site.pages.iter().map(|page| url(&site.host, &page.path_and_query)));
        let pages = pages.collect();
        let stand = Newsstand::start(sites, "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("courant.toml"), configuration(&stand)).unwrap();
        let submitted = Arc::default();
        tokio::spawn(collect(nats.url(), Arc::clone(&submitted)));
        Self { nats, postgres, stand, pages, submitted, folder }
    }

    fn crawler(&self, name: &'static str) -> Crawler {
        Crawler::start(name, self.folder.path(), &self.nats.url(), &self.postgres.url())
    }

    fn log(&self) -> BTreeMap<String, Vec<LoggedRequest>> {
        let mut log: BTreeMap<String, Vec<LoggedRequest>> = BTreeMap::new();
        for request in self.stand.log() {
            log.entry(registered_domain_of(&request.host)).or_default().push(request);
        }
        log
    }

    fn missing(&self) -> usize {
        self.pages.difference(&self.submitted.lock().unwrap()).count()
    }

    /// The domains with pages that were not submitted yet.
    fn unfinished(&self) -> BTreeSet<String> {
        let submitted = self.submitted.lock().unwrap();
        let missing = self.pages.difference(&submitted);
        missing.map(|page| registered_domain_of(page.split('/').nth(2).unwrap())).collect()
    }

    /// Waits until every domain that is not finished was asked after `since`.
    async fn all_asked(&self, since: Instant) {
        until("every domain is asked", STEP, async || {
            let log = self.log();
            let asked = |domain: &String| {
                log.get(domain).is_some_and(|requests| requests.last().unwrap().at > since)
            };
            self.unfinished().iter().all(asked)
        })
        .await;
    }
}

/// Five hosts in four domains.
fn sites() -> Vec<Site> {
    let mut sites = many(5, 90, DELAY);
    for site in &mut sites[3..] {
        site.pages.truncate(45);
    }
    sites
}

fn configuration(stand: &Newsstand) -> String {
    let sources: Vec<_> = stand.hosts().iter().map(|host| format!("\"http://{host}/\"")).collect();
    format!(
        "[crawler]\nsources = [{}]\nresolve = {{ \"*\" = \"{}\" }}\nmin_delay_ms = {}\n\
         lease_s = {}\n",
        sources.join(", "),
        stand.addr(),
        DELAY.as_millis(),
        LEASE.as_secs(),
    )
}

/// Receives the entries in place of the gateway.
async fn collect(url: String, submitted: Arc<Mutex<BTreeSet<String>>>) {
    let config = courant_bus::Config { url: Some(url), ..Default::default() };
    let meter = Meters::new("test").unwrap().meter();
    let bus = Bus::connect(&config, Clock::system(), &meter).await.unwrap();
    let mut deliveries = bus.consume(Stage::GATEWAY, 16).await.unwrap();
    while let Some(delivery) = deliveries.next().await {
        let entry: v1::Entry = delivery.decode().unwrap();
        submitted.lock().unwrap().insert(entry.url);
        delivery.settle(Ok(())).await;
    }
}

/// A crawler process.
struct Crawler {
    name: &'static str,
    process: Child,
    log: PathBuf,
    http: u16,
}

impl Crawler {
    fn start(name: &'static str, folder: &Path, bus: &str, store: &str) -> Self {
        let path = folder.join(format!("{name}.log"));
        let log = File::create(&path).unwrap();
        let (http, grpc) = (free_port(), free_port());
        let process = Command::new(env!("CARGO_BIN_EXE_courant-crawler"))
            .arg("--config")
            .arg(folder.join("courant.toml"))
            .env("COURANT__BUS__URL", bus)
            .env("COURANT__STORE__URL", store)
            .env("COURANT__SERVICE__HTTP_PORT", http.to_string())
            .env("COURANT__SERVICE__GRPC_PORT", grpc.to_string())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { name, process, log: path, http }
    }

    fn signal(&self, signal: &str) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
    }

    /// The sum of a metric's values; `None` while it does not answer.
    async fn figure(&self, name: &str) -> Option<f64> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.http)).await.ok()?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n").await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        let lines = answer.lines().filter(|line| line.starts_with(name));
        Some(lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }

    async fn submitted(&self) -> f64 {
        let name = "courant_crawl_pages_total{outcome=\"submitted\"";
        self.figure(name).await.unwrap_or_default()
    }

    /// Waits until the crawler has submitted this many more pages.
    async fn works(&self, pages: f64) {
        let before = self.submitted().await;
        let what = format!("crawler {} works", self.name);
        until(&what, STEP, async || self.submitted().await >= before + pages).await;
    }
}

impl Drop for Crawler {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            eprintln!("--- log of crawler {} ---\n{log}", self.name);
        }
        // It may have ended before.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn until(what: &str, limit: Duration, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + limit;
    while !condition().await {
        assert!(Instant::now() < deadline, "{what}: not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn assert_polite(log: &BTreeMap<String, Vec<LoggedRequest>>) {
    for requests in log.values() {
        for pair in requests.windows(2) {
            assert!(pair[1].at - pair[0].at >= DELAY, "{:?} and {:?}", pair[0], pair[1]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_crawlers_share_the_sites_while_one_stands_still_and_one_dies() {
    let world = World::start().await;
    let stopped = world.crawler("one");
    let mut killed = world.crawler("two");
    tokio::join!(stopped.works(3.0), killed.works(3.0));

    // Longer than its lease: the other one takes its domains over.
    stopped.signal("STOP");
    let at = Instant::now();
    world.all_asked(at + LEASE).await;
    assert!(at.elapsed() <= TAKE_OVER, "taken over after {:?}", at.elapsed());
    stopped.signal("CONT");
    stopped.works(3.0).await;
    assert_polite(&world.log());

    killed.process.kill().unwrap();
    killed.process.wait().unwrap();
    let at = Instant::now();
    assert!(!world.unfinished().is_empty(), "there is something to take over");
    world.all_asked(at).await;
    assert!(at.elapsed() <= TAKE_OVER, "taken over after {:?}", at.elapsed());

    until("every page is submitted", STEP, async || world.missing() == 0).await;
    assert_polite(&world.log());
    let robots = world.stand.log().iter().filter(|request| request.path == "/robots.txt").count();
    assert!(robots <= 2 * world.stand.hosts().len(), "{robots} requests for robots.txt");
}
