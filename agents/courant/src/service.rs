//! Answers questions as the gateway does, through a running service over HTTP or a gateway in this
//! process.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use courant_api::Problem;
use courant_bus::Bus;
use courant_cache::Cache;
use courant_config::Document;
use courant_embedder::Embedder;
use courant_gateway::Gateway;
use courant_search::Search;
use courant_service::{Control, in_one_line};
use courant_store::{Access, Config as StoreConfig, Store};
use courant_telemetry::{Clock, Meters};
use opentelemetry::metrics::Meter;
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::assemble::{load_encoder, load_reranker};
use crate::http::Server;
use crate::{data, grpc};

/// The longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// Returns the service of a data folder, if it answers.
pub(crate) async fn running(folder: &Path) -> anyhow::Result<Option<Server>> {
    let Some(address) = data::noted_address(folder) else { return Ok(None) };
    let server = Server::at(&format!("http://{address}"))?;
    Ok(server.is_alive().await.then_some(server))
}

/// The part of a pipeline that a question needs besides the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// The question is a search by meaning.
    Encoder,
    /// The question is a search by meaning, and by words if the encoder cannot be loaded.
    EncoderOrWords,
    /// The question is about the queues.
    Queues,
    Nothing,
}

/// A service that answers questions as the gateway does.
pub(crate) enum Service {
    /// A running service, over HTTP.
    Remote(Server),
    /// A gateway in this process.
    Local(Box<Local>),
}

/// A gateway in this process, with its copy of the spool if it has one.
pub(crate) struct Local {
    routes: Router,
    _spool: Option<TempDir>,
    /// The reason why searches go by words alone, if they do.
    no_encoder: Option<String>,
}

impl Service {
    /// Creates a service from the routes of a gateway.
    pub(crate) fn local(routes: Router) -> Self {
        Self::Local(Box::new(Local { routes, _spool: None, no_encoder: None }))
    }

    /// Creates a gateway on the read-only store of `folder`, with the part that the question
    /// `needs`.
    pub(crate) async fn of_folder(
        folder: &Path,
        document: &Document,
        needs: Needs,
    ) -> anyhow::Result<Self> {
        let path = data::store(folder);
        data::check_exists(folder)?;
        if !path.exists() {
            bail!("{} holds no articles yet; fill it with `courant run`", folder.display());
        }
        let (config, clock) = (document.section("store")?, Clock::system());
        let meter = Meters::new("courant")?.meter();
        let store = Store::sqlite(&path, Access::ReadOnly, &config, clock, &meter);
        let store = store.await.context("cannot open the store")?;
        let spool = tempfile::tempdir().context("cannot make a temporary folder")?;
        if needs == Needs::Queues {
            data::copy_spool(folder, spool.path())?;
        }
        let search = Search::open(store, &data::index(folder)).await;
        let search = search.context("cannot open the search index")?;
        Self::on_store(search, spool, document, needs, &meter).await
    }

    /// Creates a gateway on the configured Postgres server.
    pub(crate) async fn of_server(document: &Document, needs: Needs) -> anyhow::Result<Self> {
        ensure!(
            needs != Needs::Queues,
            "store.url names a server, whose agents are processes of their own: ask their \
             gateway, as with --server http://127.0.0.1:8080"
        );
        let (config, clock): (StoreConfig, _) = (document.section("store")?, Clock::system());
        // A question changes nothing, so it brings no tables up to date.
        let schema = Store::postgres_schema(&config).await.context("cannot reach the store")?;
        schema.check()?;
        ensure!(!schema.is_pending(), "the store is not up to date; run `courant migrate`");
        let meter = Meters::new("courant")?.meter();
        let store = Store::postgres(&config, clock, &meter).await;
        let spool = tempfile::tempdir().context("cannot make a temporary folder")?;
        let store = store.context("cannot open the store")?;
        // Its gateways have indexes of their own; this one lives as long as the question.
        let search = Search::open(store, &spool.path().join("index")).await;
        let search = search.context("cannot make a search index")?;
        Self::on_store(search, spool, document, needs, &meter).await
    }

    async fn on_store(
        search: Search,
        spool: TempDir,
        document: &Document,
        needs: Needs,
        meter: &Meter,
    ) -> anyhow::Result<Self> {
        let clock = Clock::system();
        let path = data::spool(spool.path());
        let bus = Bus::embedded(&document.section("bus")?, &path, clock.clone(), meter)?;
        let no_encoder = match needs {
            Needs::Queues | Needs::Nothing => None,
            Needs::Encoder => embed_queries(document, &bus, meter).await.map(|()| None)?,
            Needs::EncoderOrWords => {
                let embeds = embed_queries(document, &bus, meter).await;
                embeds.err().map(|error| in_one_line(&error))
            }
        };
        let cache = Cache::memory(&document.section("cache")?, meter);
        let gateway =
            Gateway::build(document.section("gateway")?, bus, search, cache, clock, meter)?;
        gateway.set_reranks(document.has("search.rerank.model"));
        let routes = gateway.routes().into_router();
        Ok(Self::Local(Box::new(Local { routes, _spool: Some(spool), no_encoder })))
    }

    /// Searches with the parameters `query`. Searches by words alone, and says why, if this process
    /// could not load the encoder.
    ///
    /// # Errors
    /// Those of [`Self::get`].
    pub(crate) async fn search(&self, mut query: Vec<(&str, String)>) -> anyhow::Result<Value> {
        const PATH: &str = "/v1/search";
        let Some(reason) = self.no_encoder() else { return self.get(PATH, &query).await };
        query.retain(|(name, _)| *name != "mode");
        query.push(("mode", "text".to_owned()));
        let mut answer = self.get(PATH, &query).await?;
        answer["degraded"] = reason.into();
        Ok(answer)
    }

    fn no_encoder(&self) -> Option<&str> {
        match self {
            Self::Remote(_) => None,
            Self::Local(local) => local.no_encoder.as_deref(),
        }
    }

    /// Returns the JSON at `path`.
    ///
    /// # Errors
    /// Fails with the error that the service reports.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Value> {
        match self {
            Self::Remote(server) => match server.get(path, query).await {
                Err(_) if is_grpc_port(server).await => {
                    bail!("{} looks like the gRPC port; HTTP is usually 8080", server.base())
                }
                answer => answer,
            },
            Self::Local(local) => local.get(path, query).await,
        }
    }
}

/// Returns true if `server` answers over gRPC and not over HTTP.
async fn is_grpc_port(server: &Server) -> bool {
    !server.is_alive().await && grpc::answers(server.base()).await
}

/// Loads the encoder, and answers the requests for vectors that come over `bus`.
async fn embed_queries(document: &Document, bus: &Bus, meter: &Meter) -> anyhow::Result<()> {
    let encoder = load_encoder(document, meter).context("cannot load the encoder")?;
    let embedder = Embedder::build(document.section("embedder")?, bus.clone(), encoder, meter)?
        .with_reranker(load_reranker(document, meter)?);
    embedder.serve_queries(Control::new("embedder", &CancellationToken::new())).await
}

impl Local {
    async fn get(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Value> {
        let url = url::Url::parse_with_params(&format!("http://localhost{path}"), query)?;
        let target = url[url::Position::BeforePath..].to_owned();
        let request = Request::get(target).header("host", "localhost").body(Body::empty())?;
        let answer = self.routes.clone().oneshot(request).await?;
        let status = answer.status();
        let body: Value =
            serde_json::from_slice(&to_bytes(answer.into_body(), MAX_ANSWER_BYTES).await?)
                .with_context(|| format!("the gateway answers {status} without JSON"))?;
        if status.is_success() {
            return Ok(body);
        }
        match serde_json::from_value::<Problem>(body) {
            Ok(problem) => bail!("{}", problem.detail),
            Err(_) => bail!("the gateway answers {status} and gives no reason"),
        }
    }
}
