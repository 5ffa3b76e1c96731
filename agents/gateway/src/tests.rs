//! The gateway on an embedded bus and a SQLite store.

mod decisions;
mod events;
mod exports;
mod faces;
mod grpc;
mod histories;
mod hostile;
mod leave;
mod mcp_budgets;
mod mcp_client;
mod mcp_faces;
mod mcp_questions;
mod mcp_tasks;
mod mcp_tools;
mod reasons;
mod search;
mod sources;
mod tools;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, header};
use courant_article::{
    Analysis, Article, ArticleId, Decision, Embedding, Entry, Evidence, FeedFields, ModelRef,
    Origin, PageFields, Revision, Text,
};
use courant_bus::{Bus, MessageId, Subject, Subscription};
use courant_cache::Cache;
use courant_dedup::{canonicalize, content_hash};
use courant_proto::v1;
use courant_search::Search;
use courant_service::Control;
use courant_store::{Access, Store, StoredArticle};
use courant_telemetry::{Clock, Meters};
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::{Config, Gateway};

const NOW_MS: i64 = 1_700_000_000_000;
const DEADLINE: Duration = Duration::from_secs(10);
const BRIDGE: &str =
    "The council voted on Monday to keep the old harbour bridge open until spring.";
const HARVEST: &str =
    "Farmers in the valley expect the poorest apple harvest for more than ten years.";

/// A gateway in a folder of its own.
struct House {
    gateway: Arc<Gateway>,
    bus: Bus,
    store: Store,
    search: Search,
    clock: Clock,
    meters: Meters,
    shutdown: CancellationToken,
    running: Option<JoinHandle<anyhow::Result<()>>>,
    folder: TempDir,
}

impl House {
    async fn new() -> Self {
        Self::with(Config::default(), &courant_bus::Config::default()).await
    }

    async fn with(config: Config, bus: &courant_bus::Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::fixed(NOW_MS);
        let meters = Meters::new("test").unwrap();
        let meter = meters.meter();
        let spool = folder.path().join("spool.db");
        let bus = Bus::embedded(bus, &spool, clock.clone(), &meter).unwrap();
        let small = courant_store::Config { dimension: 3, ..courant_store::Config::default() };
        let articles = folder.path().join("articles.db");
        let access = Access::ReadWrite;
        let store = Store::sqlite(&articles, access, &small, clock.clone(), &meter).await.unwrap();
        let cache = Cache::memory(&courant_cache::Config::default(), &meter);
        let search = Search::keep(store.clone(), &folder.path().join("index")).await.unwrap();
        let gateway =
            Gateway::build(config, bus.clone(), search.clone(), cache, clock.clone(), &meter)
                .unwrap();
        Self {
            gateway: Arc::new(gateway),
            bus,
            store,
            search,
            clock,
            meters,
            shutdown: CancellationToken::new(),
            running: None,
            folder,
        }
    }

    /// Lets it work.
    fn open(mut self) -> Self {
        let control = Control::new("gateway", &self.shutdown);
        let gateway = Arc::clone(&self.gateway);
        self.running = Some(tokio::spawn(async move { gateway.run(control).await }));
        self
    }

    /// Drains it.
    async fn close(self) {
        self.shutdown.cancel();
        if let Some(running) = self.running {
            running.await.unwrap().unwrap();
        }
    }

    async fn decisions(&self) -> Subscription<v1::EntryDecided> {
        self.bus.subscribe(Subject::ENTRY_DECIDED).await.unwrap()
    }

    async fn submit(&self, entry: Entry) {
        let id = MessageId::new(format!("{}:{}", entry.submission_id, entry.observed_at));
        self.bus.offer(Subject::ENTRY_SUBMITTED, &id, &v1::Entry::from(entry)).await.unwrap();
    }

    async fn ask(&self, request: Request<Body>) -> Response<Body> {
        self.gateway.routes().into_router().oneshot(request).await.unwrap()
    }

    /// Status and body of a GET.
    async fn get(&self, path: &str) -> (u16, Value) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        read(self.ask(request).await).await
    }

    async fn post(&self, path: &str, body: &Value) -> Response<Body> {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        self.ask(request).await
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = self.ask(request).await;
        if response.status() == 204 { (204, Value::Null) } else { read(response).await }
    }

    async fn has_stored(&self, url: &str, title: &str, text: &str, vector: [f32; 3]) -> ArticleId {
        let record = record(url, title, text, vector);
        self.store.articles().upsert(std::slice::from_ref(&record)).await.unwrap();
        self.search.catch_up().await.unwrap();
        record.article.id
    }

    /// Stores an article that is indexed later.
    async fn has_stored_only(&self, url: &str, title: &str, text: &str) {
        let record = record(url, title, text, [1.0, 0.0, 0.0]);
        self.store.articles().upsert(std::slice::from_ref(&record)).await.unwrap();
    }

    /// Answers every request for vectors with `vector`.
    async fn has_embedder(&self, vector: [f32; 3]) {
        let mut requests =
            self.bus.serve::<v1::EmbedRequest>(Subject::REQUEST_EMBED).await.unwrap();
        tokio::spawn(async move {
            while let Some(request) = requests.next().await {
                let vectors = request.message.texts.iter();
                let vectors = vectors.map(|_| v1::Vector { values: vector.to_vec() }).collect();
                let model = v1::Model { name: "test-encoder".into(), ..v1::Model::default() };
                let reply =
                    v1::EmbedReply { model: Some(model), vectors, ..v1::EmbedReply::default() };
                request.reply(&reply).await.unwrap();
            }
        });
    }
}

fn entry(name: &str, url: &str, text: &str, seen_ms: i64) -> Entry {
    Entry {
        submission_id: name.into(),
        url: url.into(),
        title: "A title".into(),
        text: Text::new(text.into()),
        observed_at: Revision(seen_ms),
        source: "test".into(),
        ..Entry::default()
    }
}

fn words(range: std::ops::Range<u32>) -> String {
    range.map(|number| format!("word{number} ")).collect()
}

fn record(url: &str, title: &str, text: &str, vector: [f32; 3]) -> StoredArticle {
    let url = canonicalize(url).unwrap();
    StoredArticle {
        article: Article {
            id: ArticleId::of(&url),
            revision: Revision(NOW_MS),
            url: url.to_string(),
            content_hash: content_hash(text),
            title: title.into(),
            authors: vec!["A. Writer".into()],
            published_at: Some("2023-11-14".parse().unwrap()),
            declared_language: Some("en".into()),
            site_name: None,
            text: Text::new(text.into()),
            source: "test".into(),
            submission_id: "s".into(),
            decision: Decision::New,
            syndicated_of: None,
            page: PageFields::default(),
            feed: FeedFields::default(),
            evidence: Evidence { published_at: Some(Origin::Listed), ..Evidence::default() },
        },
        model: ModelRef { name: "test-encoder".into(), ..ModelRef::default() },
        vector: Embedding::normalized(vector.to_vec()),
        analysis: Analysis { language: Some("en".into()), ..Analysis::default() },
        stored_at: jiff::Timestamp::from_millisecond(NOW_MS).unwrap(),
    }
}

async fn read(response: Response<Body>) -> (u16, Value) {
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), 1 << 22).await.unwrap();
    let body = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| panic!("not JSON: {:?}", String::from_utf8_lossy(&bytes)));
    (status, body)
}

async fn soon<T>(condition: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, condition).await.expect("should have happened by now")
}
