//! Test sites with scripted answers, and the first queue of a pipeline.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use courant_bus::{Bus, Stage};
use courant_proto::v1;
use courant_service::Control;
use courant_store::{Access, Store};
use courant_telemetry::{Clock, Meters};
use futures::{FutureExt, StreamExt};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::{Config, Crawler, Extent, Report, Source};

/// The answer of a server to a request for a page.
#[derive(Clone, Debug, Default)]
pub(super) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    fault: Option<Fault>,
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    Truncated,
    Endless,
}

impl Reply {
    pub(super) fn ok(body: impl Into<String>) -> Self {
        Self { status: 200, body: body.into(), ..Self::default() }
    }

    pub(super) fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn redirect(to: &str) -> Self {
        Self::status(302).with("location", to)
    }

    pub(super) fn truncated(self) -> Self {
        Self { fault: Some(Fault::Truncated), ..self }
    }

    pub(super) fn endless(self) -> Self {
        Self { fault: Some(Fault::Endless), ..self }
    }

    /// Returns a news article with its own text and an ETag.
    pub(super) fn article(name: &str) -> Self {
        Self::ok(article_html(name, "")).with("etag", format!("\"{name}-1\""))
    }

    fn body(&self) -> Body {
        let text = Bytes::from(self.body.clone());
        match self.fault {
            None => Body::from(text),
            Some(Fault::Truncated) => {
                // One wait makes the server send the bytes that it has.
                let broken = async {
                    tokio::task::yield_now().await;
                    Err(std::io::Error::other("cut off"))
                };
                let half = text.slice(..text.len() / 2);
                let start = futures::stream::once(async { Ok(half) });
                Body::from_stream(start.chain(futures::stream::once(broken)))
            }
            Some(Fault::Endless) => {
                let chunk = Bytes::from(vec![b'x'; 10_000]);
                let chunks = futures::stream::repeat(chunk).map(Ok::<_, std::io::Error>);
                Body::from_stream(chunks)
            }
        }
    }
}

/// Returns a page that counts as an article. `head` has more elements for its head.
pub(super) fn article_html(name: &str, head: &str) -> String {
    let paragraph = format!(
        "<p>The council of {name} decided on Tuesday to repair the bridge over the river before \
         the winter comes, and to pay for it with what was left from the year before. Several \
         members from {name} spoke against it, and asked how long the work would take.</p>"
    );
    format!(
        "<!doctype html><html lang=en><head><title>Bridge of {name}</title>{head}\
         <meta property=og:type content=article>\
         <meta property=article:published_time content=2024-03-05T09:30:00+02:00></head>\
         <body><article><h1>Bridge of {name}</h1>{}</article></body></html>",
        paragraph.repeat(4)
    )
}

/// A request that the server received.
#[derive(Clone, Debug)]
pub(super) struct Hit {
    pub(super) at: Instant,
    /// The host and path, as `host/path`.
    pub(super) url: String,
    pub(super) status: u16,
}

#[derive(Default)]
struct Sites {
    replies: Mutex<HashMap<String, VecDeque<Reply>>>,
    hits: Mutex<Vec<Hit>>,
}

/// Everything that a crawler under test needs: a server, a bus and a store.
pub(super) struct World {
    sites: Arc<Sites>,
    address: SocketAddr,
    folder: TempDir,
    pub(super) bus: Bus,
    pub(super) store: Store,
    pub(super) meters: Meters,
    pub(super) clock: Clock,
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with_queue(10_000).await
    }

    /// Starts a world. `max_messages` is the capacity of the gateway's queue.
    pub(super) async fn with_queue(max_messages: u64) -> Self {
        let sites = Arc::new(Sites::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = Router::new().fallback(answer).with_state(sites.clone());
        tokio::spawn(async move { axum::serve(listener, service).await });
        let folder = tempfile::tempdir().unwrap();
        let (clock, meters) = (Clock::system(), Meters::new("test").unwrap());
        let (spool, file) = (folder.path().join("spool.db"), folder.path().join("store.db"));
        let (bus, store) = (bus_config(max_messages), courant_store::Config::default());
        let meter = meters.meter();
        let bus = Bus::embedded(&bus, &spool, clock.clone(), &meter).unwrap();
        let store = Store::sqlite(&file, Access::ReadWrite, &store, clock.clone(), &meter);
        let store = store.await.unwrap();
        Self { sites, address, folder, bus, store, meters, clock }
    }

    /// Sets the answers to requests. They come one after the other, and the last one repeats.
    pub(super) fn serve(&self, url: &str, replies: impl IntoIterator<Item = Reply>) -> &Self {
        let replies = replies.into_iter().collect();
        self.sites.replies.lock().unwrap().insert(url.to_owned(), replies);
        self
    }

    /// An RSS feed at `host/feed` that names pages of `host`.
    pub(super) fn feed(&self, host: &str, paths: &[&str]) -> &Self {
        let item =
            |path: &&str| format!("<item><title>x</title><link>http://{host}{path}</link></item>");
        let items: String = paths.iter().map(item).collect();
        let rss = format!("<rss version='2.0'><channel><title>T</title>{items}</channel></rss>");
        self.serve(&format!("{host}/feed"), [Reply::ok(rss)])
    }

    pub(super) fn hits(&self) -> Vec<Hit> {
        self.sites.hits.lock().unwrap().clone()
    }

    pub(super) fn hits_of(&self, url: &str) -> Vec<Hit> {
        self.hits().into_iter().filter(|hit| hit.url == url).collect()
    }

    pub(super) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Returns a configuration without delays that maps every host to `address`.
    pub(super) fn config_at(&self, address: SocketAddr) -> Config {
        let resolve = BTreeMap::from([("*".to_owned(), address.into())]);
        Config { resolve, ..self.config() }
    }

    /// Returns a configuration without delays that maps every host to this world's server.
    pub(super) fn config(&self) -> Config {
        let resolve = BTreeMap::from([("*".to_owned(), self.address.into())]);
        Config { resolve, min_delay_ms: 0, ..Config::default() }
    }

    pub(super) fn crawler(&self, config: Config) -> Crawler {
        let (bus, store) = (self.bus.clone(), self.store.clone());
        Crawler::build(config, bus, store, self.clock.clone(), &self.meters.meter()).unwrap()
    }

    /// Crawls once.
    pub(super) async fn crawl(&self, sources: &[&str]) -> Report {
        self.crawl_with(self.config(), sources).await
    }

    pub(super) async fn crawl_with(&self, config: Config, sources: &[&str]) -> Report {
        let sources = sources.iter().map(|source| Source::parse(source).unwrap()).collect();
        let control = Control::new("crawler", &CancellationToken::new());
        let report = self.crawler(config).run(sources, Extent::Everything, &control).await.unwrap();
        assert_eq!(report.pending(), 0, "{report:?}");
        report
    }

    /// Takes the `count` entries that were submitted and not taken yet, and sorts them by URL.
    pub(super) async fn submitted(&self, count: usize) -> Vec<v1::Entry> {
        let mut deliveries = self.bus.consume(Stage::GATEWAY, 16).await.unwrap();
        let mut entries = Vec::new();
        for _ in 0..count {
            let delivery = deliveries.next().await.unwrap();
            entries.push(delivery.decode::<v1::Entry>().unwrap());
            delivery.settle(Ok(())).await;
        }
        assert!(deliveries.next().now_or_never().is_none(), "more than {count} entries");
        entries.sort_by(|a, b| a.url.cmp(&b.url));
        entries
    }
}

fn bus_config(max_messages: u64) -> courant_bus::Config {
    let queue = courant_bus::QueueLimits { max_messages, ..Default::default() };
    courant_bus::Config { queue, ..Default::default() }
}

async fn answer(State(sites): State<Arc<Sites>>, headers: HeaderMap, uri: Uri) -> Response {
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    let url = format!("{host}{uri}");
    let reply = next_reply(&sites, &url);
    let etag =
        reply.headers.iter().find(|(name, _)| *name == "etag").map(|(_, etag)| etag.as_str());
    let has_it =
        etag.is_some_and(|etag| headers.get("if-none-match").is_some_and(|known| known == etag));
    let status = if has_it { 304 } else { reply.status };
    sites.hits.lock().unwrap().push(Hit { at: Instant::now(), url, status });
    let mut response = Response::builder().status(status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    response.body(if has_it { Body::empty() } else { reply.body() }).unwrap()
}

fn next_reply(sites: &Sites, url: &str) -> Reply {
    let mut replies = sites.replies.lock().unwrap();
    match replies.get_mut(url) {
        Some(queue) if queue.len() > 1 => queue.pop_front().unwrap(),
        Some(queue) => queue.front().cloned().unwrap_or_else(|| Reply::status(500)),
        None => Reply::status(404),
    }
}
