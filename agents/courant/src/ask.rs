//! Commands that ask a running service, or read a data folder that no service runs on.

use std::path::PathBuf;

use anyhow::{Context, anyhow, ensure};
use clap::{Args, ValueEnum};
use courant_api::feeds::{FeedView, FeedsPage};
use courant_article::ArticleId;
use courant_dedup::canonicalize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::config_args::ConfigArgs;
use crate::counts::show_counts;
use crate::data;
use crate::hits::{show_hits, show_related};
use crate::http::{self, Server};
use crate::paper::{Paper, harmless};
use crate::readable::{show_article, show_decisions, show_revisions, show_status};
use crate::service::{self, Needs, Service};

/// The cause of an answer that cannot be read.
const OTHER_VERSION: &str = "the service answers as another version does; see it with --json";

#[derive(Debug, Args)]
pub(crate) struct Where {
    /// The service to ask, as http://127.0.0.1:8080
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// The data folder to read where no service runs [default: the Postgres of store.url where
    /// that is set, else courant-data]
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
    /// The question: words, "phrases", -words, and fields such as site: lang: date:; without words,
    /// the newest articles are listed
    #[arg(default_value = "")]
    query: String,
    /// The number of articles
    #[arg(short, value_name = "N", default_value = "10")]
    k: usize,
    /// By words, by meaning, or both
    #[arg(long, default_value = "hybrid")]
    mode: Mode,
    /// The order [default: by relevance, or the newest first without words]
    #[arg(long)]
    sort: Option<Sort>,
    /// Continue behind the page that ended with this cursor
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
    #[command(flatten)]
    place: Where,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Sort {
    Relevance,
    Newest,
    Oldest,
}

#[derive(Debug, Args)]
pub(crate) struct CountArgs {
    /// The question: words, "phrases", -words, and fields such as site: lang: date:; all of them
    /// must hold
    #[arg(default_value = "")]
    query: String,
    /// Properties whose values are counted: site, source, language, topic, name, sentiment, decision, day
    #[arg(long, value_name = "NAME,…", default_value = "site,language,topic")]
    facets: String,
    /// The most values of each
    #[arg(short, value_name = "N", default_value = "10")]
    k: usize,
    /// Count by time as well: minute, hour, day, week or month
    #[arg(long, value_name = "PERIOD")]
    interval: Option<String>,
    #[command(flatten)]
    place: Where,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Mode {
    Hybrid,
    Vector,
    Text,
}

impl Mode {
    fn needs(self) -> Needs {
        match self {
            Self::Hybrid => Needs::EncoderOrWords,
            Self::Vector => Needs::Encoder,
            Self::Text => Needs::Nothing,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct RelatedArgs {
    /// The id of an article, or its first digits
    id: String,
    /// The number of articles
    #[arg(short, value_name = "N", default_value = "10")]
    k: usize,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, Args)]
pub(crate) struct ArticleArgs {
    /// The id of an article, or its first digits
    #[arg(required_unless_present = "url")]
    id: Option<String>,
    /// The address of the article, in any form, instead of its id
    #[arg(long, value_name = "URL", conflicts_with = "id")]
    url: Option<String>,
    /// Show its versions
    #[arg(long)]
    revisions: bool,
    /// Show it as it was at a time, such as 2026-11-30T12:00:00Z
    #[arg(long, value_name = "TIME", conflicts_with = "revisions")]
    as_of: Option<String>,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, Args)]
pub(crate) struct DecisionArgs {
    /// The id of an article or its first digits, or the address of an entry
    #[arg(value_name = "ID|URL")]
    entry: String,
    /// The number of decisions
    #[arg(short, value_name = "N", default_value = "10")]
    k: usize,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    place: Where,
}

pub(crate) fn search(args: &SearchArgs) -> anyhow::Result<()> {
    let mut query =
        vec![("q", args.query.clone()), ("k", args.k.to_string()), ("mode", named(&args.mode))];
    query.extend(args.sort.map(|sort| ("sort", named(&sort))));
    query.extend(args.cursor.clone().map(|cursor| ("cursor", cursor)));
    let answer = http::block_on(async {
        let service = args.place.service(args.mode.needs()).await?;
        service.search(query).await
    })?;
    if let Some(why) = answer["degraded"].as_str() {
        noteln!("courant: text search only: {why}");
    }
    args.place.show(&answer, show_hits)
}

/// Returns the name of a choice.
fn named(choice: &impl ValueEnum) -> String {
    choice.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

pub(crate) fn count(args: &CountArgs) -> anyhow::Result<()> {
    let mut query = vec![
        ("q", args.query.clone()),
        ("facets", args.facets.clone()),
        ("limit", args.k.to_string()),
    ];
    query.extend(args.interval.clone().map(|interval| ("interval", interval)));
    let answer = args.place.get("/v1/counts", &query, Needs::Nothing)?;
    args.place.show(&answer, show_counts)
}

pub(crate) fn related(args: &RelatedArgs) -> anyhow::Result<()> {
    let path = format!("/v1/articles/{}/related", checked(&args.id)?);
    let answer = args.place.get(&path, &[("k", args.k.to_string())], Needs::Nothing)?;
    args.place.show(&answer, show_related)
}

pub(crate) fn article(args: &ArticleArgs) -> anyhow::Result<()> {
    let id = match &args.url {
        Some(url) => id_of(url)?,
        None => checked(args.id.as_deref().unwrap_or_default())?.to_owned(),
    };
    let path = format!("/v1/articles/{id}{}", if args.revisions { "/revisions" } else { "" });
    let as_of: Vec<_> = args.as_of.iter().map(|time| ("as_of", time.clone())).collect();
    let answer = args.place.get(&path, &as_of, Needs::Nothing);
    let answer = match &args.url {
        Some(url) => answer.with_context(|| format!("cannot show the article at {url}"))?,
        None => answer?,
    };
    if args.revisions {
        args.place.show(&answer, show_revisions)
    } else {
        args.place.show(&answer, show_article)
    }
}

pub(crate) fn decisions(args: &DecisionArgs) -> anyhow::Result<()> {
    let key = if args.entry.contains("://") { "url" } else { "article" };
    let query = [(key, args.entry.clone()), ("limit", args.k.to_string())];
    let answer = args.place.get("/v1/decisions", &query, Needs::Nothing)?;
    args.place.show(&answer, show_decisions)
}

/// Returns the id if it is one, because it becomes a part of a path.
fn checked(id: &str) -> anyhow::Result<&str> {
    let is_id = !id.is_empty() && id.chars().all(|c| c.is_ascii_hexdigit());
    let hint = "give 8 to 32 hexadecimal digits, as a search result shows them";
    ensure!(is_id, "{id:?} is no id; {hint}");
    Ok(id)
}

/// Returns the id of the article at an address.
fn id_of(url: &str) -> anyhow::Result<String> {
    let canonical = canonicalize(url).map_err(|error| anyhow!("--url {url}: {error}"))?;
    Ok(ArticleId::of(&canonical).to_string())
}

pub(crate) fn status(args: &StatusArgs) -> anyhow::Result<()> {
    let answer = args.place.get("/v1/status", &[], Needs::Queues)?;
    args.place.show(&answer, show_status)
}

impl Where {
    fn get(&self, path: &str, query: &[(&str, String)], needs: Needs) -> anyhow::Result<Value> {
        http::block_on(async {
            let service = self.service(needs).await?;
            service.get(path, query).await
        })
    }

    /// Returns everything that the crawler follows, in the order of the URLs.
    pub(crate) fn feeds(&self) -> anyhow::Result<Vec<FeedView>> {
        http::block_on(async {
            let service = self.service(Needs::Nothing).await?;
            let (mut feeds, mut after) = (Vec::new(), Some(String::new()));
            while let Some(last) = after {
                let page = service.get("/v1/feeds", &[("after", last)]).await?;
                let page: FeedsPage = serde_json::from_value(page).context(OTHER_VERSION)?;
                feeds.extend(page.feeds);
                after = page.next;
            }
            Ok(feeds)
        })
    }

    /// Prints an answer as JSON, or as `show` formats it.
    pub(crate) fn show<T: DeserializeOwned>(
        &self,
        answer: &Value,
        show: impl Fn(&T, &Paper) -> String,
    ) -> anyhow::Result<()> {
        if self.json {
            outln!("{}", serde_json::to_string_pretty(answer)?);
            return Ok(());
        }
        let answer = serde_json::from_value(harmless(answer)).context(OTHER_VERSION)?;
        out!("{}", show(&answer, &Paper::standard_output()));
        Ok(())
    }

    /// Returns the service that was named, else a gateway in this process that reads the
    /// configured Postgres server, unless a data folder was named. Without such a server, returns
    /// the service that runs on the data folder, else a gateway that reads the folder.
    async fn service(&self, needs: Needs) -> anyhow::Result<Service> {
        if let Some(server) = &self.server {
            return Ok(Service::Remote(Server::at(server)?));
        }
        let document = self.config.load()?;
        if self.data.is_none() && document.has("store.url") {
            return Service::of_server(&document, needs).await;
        }
        let folder = data::or_default(self.data.as_deref());
        if let Some(server) = service::running(folder).await? {
            return Ok(Service::Remote(server));
        }
        Service::of_folder(folder, &document, needs).await
    }
}
