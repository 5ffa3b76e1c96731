//! Questions to a running service, or to a data folder that none serves.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::assemble::load_encoder;
use anyhow::{Context, bail};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use clap::{Args, ValueEnum};
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

use crate::cli::ConfigArgs;
use crate::http::{self, Server};
use crate::{data, run};

/// The longest answer that is read.
const MAX_ANSWER_BYTES: usize = 16 << 20;

#[derive(Debug, Args)]
pub(crate) struct Where {
    /// The service to ask, as http://127.0.0.1:8080
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// The data folder to read where no service runs [default: courant-data]
    #[arg(long, value_name = "DIR", conflicts_with = "server")]
    data: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SearchArgs {
    /// What to look for
    query: String,
    /// How many articles
    #[arg(short, value_name = "N", default_value = "10")]
    k: usize,
    /// By words, by meaning, or both
    #[arg(long, default_value = "hybrid")]
    mode: Mode,
    #[command(flatten)]
    place: Where,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Mode {
    Hybrid,
    Vector,
    Text,
}

#[derive(Debug, Args)]
pub(crate) struct RelatedArgs {
    /// The id of an article
    id: String,
    /// How many articles
    #[arg(short, value_name = "N", default_value = "10")]
    k: usize,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, Args)]
pub(crate) struct ArticleArgs {
    /// The id of an article
    id: String,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    place: Where,
}

pub(crate) fn search(args: &SearchArgs) -> anyhow::Result<()> {
    let mode = args.mode.to_possible_value().map(|mode| mode.get_name().to_owned());
    let query =
        [("q", args.query.clone()), ("k", args.k.to_string()), ("mode", mode.unwrap_or_default())];
    let answer = args.place.get("/v1/search", &query, true)?;
    if let Some(why) = answer["degraded"].as_str() {
        eprintln!("courant: text search only: {why}");
    }
    args.place.show(&answer, show_hits)
}

pub(crate) fn related(args: &RelatedArgs) -> anyhow::Result<()> {
    let path = format!("/v1/articles/{}/related", args.id);
    let answer = args.place.get(&path, &[("k", args.k.to_string())], false)?;
    args.place.show(&answer, show_hits)
}

pub(crate) fn article(args: &ArticleArgs) -> anyhow::Result<()> {
    let answer = args.place.get(&format!("/v1/articles/{}", args.id), &[], false)?;
    args.place.show(&answer, show_article)
}

pub(crate) fn status(args: &StatusArgs) -> anyhow::Result<()> {
    let answer = args.place.get("/v1/status", &[], false)?;
    args.place
        .show(&answer, |answer| serde_json::to_string_pretty(answer).unwrap_or_default() + "\n")
}

impl Where {
    fn get(&self, path: &str, query: &[(&str, String)], by_meaning: bool) -> anyhow::Result<Value> {
        http::block_on(async {
            let service = self.service(by_meaning).await?;
            service.get(path, query).await
        })
    }

    /// All that the crawler follows, in the order of the URLs.
    pub(crate) fn feeds(&self) -> anyhow::Result<Vec<Value>> {
        http::block_on(async {
            let service = self.service(false).await?;
            let (mut feeds, mut after) = (Vec::new(), Some(String::new()));
            while let Some(last) = after {
                let mut page = service.get("/v1/feeds", &[("after", last)]).await?;
                if let Some(part) = page["feeds"].as_array_mut() {
                    feeds.append(part);
                }
                after = page["next"].as_str().map(str::to_owned);
            }
            Ok(feeds)
        })
    }

    pub(crate) fn show(
        &self,
        answer: &Value,
        show: impl Fn(&Value) -> String,
    ) -> anyhow::Result<()> {
        if self.json {
            outln!("{}", serde_json::to_string_pretty(answer)?);
        } else {
            out!("{}", show(answer));
        }
        Ok(())
    }

    /// The service that was named, the one that runs on the data folder, or the
    /// folder itself.
    async fn service(&self, by_meaning: bool) -> anyhow::Result<Service> {
        if let Some(server) = &self.server {
            return Ok(Service::Remote(Server::at(server)?));
        }
        let folder = run::data_or_default(self.data.as_deref());
        if let Some(server) = running(folder).await? {
            return Ok(Service::Remote(server));
        }
        Service::of_folder(folder, &self.config, by_meaning).await
    }
}

/// The service of a data folder, if it answers.
pub(crate) async fn running(folder: &Path) -> anyhow::Result<Option<Server>> {
    let Some(address) = data::noted_address(folder) else { return Ok(None) };
    let server = Server::at(&format!("http://{}", reachable(address)))?;
    Ok(server.is_alive().await.then_some(server))
}

/// A service on all addresses is asked on loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    address
}

/// Something that answers as the gateway does.
pub(crate) enum Service {
    /// Over HTTP.
    Remote(Server),
    /// In this process.
    Local(Box<Local>),
}

/// A gateway in this process, with what it asks.
pub(crate) struct Local {
    routes: Router,
    _spool: Option<TempDir>,
}

impl Service {
    /// The gateway whose routes these are.
    pub(crate) fn local(routes: Router) -> Self {
        Self::Local(Box::new(Local { routes, _spool: None }))
    }

    /// A gateway on the store of `folder`, read-only; with an embedder where the
    /// question is one of meaning.
    async fn of_folder(
        folder: &Path,
        config: &ConfigArgs,
        by_meaning: bool,
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
        let bus =
            Bus::embedded(&bus_config, &spool.path().join("spool.db"), clock.clone(), &meter)?;
        if by_meaning {
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

    /// The JSON at `path`.
    ///
    /// # Errors
    /// With what the service says is wrong.
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

/// Hits as a person reads them.
pub(crate) fn show_hits(answer: &Value) -> String {
    let hits = answer["hits"].as_array().map(Vec::as_slice).unwrap_or_default();
    if hits.is_empty() {
        return "  nothing found\n".to_owned();
    }
    hits.iter().enumerate().map(|(i, hit)| show_hit(i + 1, hit)).collect()
}

fn show_hit(place: usize, hit: &Value) -> String {
    let text = |key: &str| hit[key].as_str().unwrap_or_default();
    let about = [text("site_name"), text("published_at"), text("language")];
    let about: Vec<_> = about.into_iter().filter(|part| !part.is_empty()).collect();
    let copy = if hit["syndicated_of"].is_string() { " (syndicated)" } else { "" };
    format!(
        "{place:>3}. {}{copy}\n     {} · {:.3}\n     {}\n     {}\n",
        text("title"),
        about.join(" · "),
        hit["score"].as_f64().unwrap_or_default(),
        text("url"),
        text("snippet").replace('\n', " "),
    )
}

fn show_article(article: &Value) -> String {
    serde_json::to_string_pretty(article).unwrap_or_default() + "\n"
}
