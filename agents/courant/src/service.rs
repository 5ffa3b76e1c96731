//! Answers questions as the gateway does, through a running service over HTTP or a gateway in this
//! process.

use std::path::Path;

use anyhow::{Context, bail};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use courant_bus::Bus;
use courant_cache::Cache;
use courant_embedder::Embedder;
use courant_gateway::Gateway;
use courant_service::Control;
use courant_store::{Access, Store};
use courant_telemetry::{Clock, Meters};
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::assemble::load_encoder;
use crate::config_args::ConfigArgs;
use crate::data;
use crate::http::Server;

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
}

impl Service {
    /// Creates a service from the routes of a gateway.
    pub(crate) fn local(routes: Router) -> Self {
        Self::Local(Box::new(Local { routes, _spool: None }))
    }

    /// Creates a gateway on the read-only store of `folder`, with the part that the question
    /// `needs`.
    pub(crate) async fn of_folder(
        folder: &Path,
        config: &ConfigArgs,
        needs: Needs,
    ) -> anyhow::Result<Self> {
        let path = data::store(folder);
        if !path.exists() {
            bail!(
                "{} holds no articles; fill it with `courant run`, or name a --server",
                folder.display()
            );
        }
        let document = config.load()?;
        let (clock, meters) = (Clock::system(), Meters::new("courant")?);
        let meter = meters.meter();
        let store_config = document.section("store")?;
        let store = Store::sqlite(&path, Access::ReadOnly, &store_config, clock.clone(), &meter)
            .await
            .context("cannot open the store")?;
        let spool = tempfile::tempdir().context("cannot make a temporary folder")?;
        let bus_config = document.section("bus")?;
        let path = match needs {
            Needs::Queues => data::copy_spool(folder, spool.path())?,
            Needs::Encoder | Needs::Nothing => data::spool(spool.path()),
        };
        let bus = Bus::embedded(&bus_config, &path, clock.clone(), &meter)?;
        if needs == Needs::Encoder {
            let encoder = load_encoder(&document, &meter).context("cannot load the encoder")?;
            let embedder =
                Embedder::build(document.section("embedder")?, bus.clone(), encoder, &meter)?;
            embedder.serve_queries(Control::new("embedder", &CancellationToken::new())).await?;
        }
        let cache = Cache::memory(&document.section("cache")?, &meter);
        let gateway =
            Gateway::build(document.section("gateway")?, bus, store, cache, clock, &meter)?;
        Ok(Self::Local(Box::new(Local { routes: gateway.routes(), _spool: Some(spool) })))
    }

    /// Returns the JSON at `path`.
    ///
    /// # Errors
    /// Fails with the error that the service reports.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Value> {
        match self {
            Self::Remote(server) => server.get(path, query).await,
            Self::Local(local) => local.get(path, query).await,
        }
    }
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
        bail!("{}", body["error"]["message"].as_str().unwrap_or("the gateway gives no reason"));
    }
}
