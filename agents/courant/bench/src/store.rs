//! `courant-bench store`: measures an archive of synthetic articles in one process: storing,
//! indexing, opening, searching and counting, beside SQLite's own full text. With `--postgres`, the same on a server, beside pgvector used plainly.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;
use courant::{out, outln};
use courant_article::Embedding;
use courant_query::Query;
use courant_search::{
    CountRequest, Facet, Interval, Listing, Question, Search, SearchMode, TimeOrder,
};
use courant_store::{Access, Config, Store};
use courant_telemetry::{Clock, Meters};
use serde::Serialize;

mod archive;
mod coded;
mod full_text;
mod plain;
mod postgres;
mod timed;

use archive::{Archive, DIMENSION, QUESTIONS};
use full_text::FullText;
use timed::{Timed, milliseconds};

/// Articles per transaction.
const BATCH: usize = 500;
/// Results that are asked for.
const HITS: usize = 10;

/// The arguments of `store`.
#[derive(Debug, Args)]
pub(crate) struct StoreArgs {
    /// The number of articles
    #[arg(long, value_name = "N", default_value = "100000")]
    scale: usize,
    /// Leaves out SQLite's full text, which takes long with many articles
    #[arg(long)]
    without_peer: bool,
    /// Measures on a Postgres server instead, beside pgvector used plainly; makes the database
    /// `courant_bench` and drops it
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// The figures of one run.
#[derive(Debug, Default, Serialize)]
struct Measured {
    articles: usize,
    stored_per_second: f64,
    indexed_per_second: f64,
    index_megabytes: f64,
    open_milliseconds: f64,
    first_search_milliseconds: f64,
    resident_megabytes: f64,
    recall_at_10: f64,
    questions: Vec<Timed>,
}

/// Measures and prints the figures.
pub(crate) fn run(args: &StoreArgs) -> anyhow::Result<()> {
    ensure!(args.scale >= 1_000, "it takes 1000 articles or more");
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    match &args.postgres {
        Some(url) => print(args, &runtime.block_on(postgres::measure(url, args.scale))?),
        None => print(args, &runtime.block_on(measure(args))?),
    }
}

fn print(args: &StoreArgs, measured: &(impl Serialize + fmt::Display)) -> anyhow::Result<()> {
    if args.json {
        outln!("{}", serde_json::to_string_pretty(measured)?);
    } else {
        out!("{measured}");
    }
    Ok(())
}

async fn measure(args: &StoreArgs) -> anyhow::Result<Measured> {
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    let (file, index) = (folder.path().join("store.db"), folder.path().join("index"));
    let archive = Archive::new(args.scale);
    let mut measured = Measured { articles: args.scale, ..Measured::default() };
    {
        let store = open(&file).await?;
        measured.stored_per_second = stored(&store, &archive).await?;
        let search = Search::keep(store.clone(), &index).await?;
        let started = Instant::now();
        search.catch_up().await?;
        measured.indexed_per_second = args.scale as f64 / started.elapsed().as_secs_f64();
        drop(search);
        store.close().await?;
    }
    measured.index_megabytes = megabytes_of(&index)?;

    let started = Instant::now();
    let store = open(&file).await?;
    let search = Search::keep(store.clone(), &index).await?;
    measured.open_milliseconds = milliseconds(started.elapsed());
    let question = archive.question(0);
    search.rank(&hybrid(&question.text, &question.vector)?).await?;
    measured.first_search_milliseconds = milliseconds(started.elapsed());
    search.catch_up().await?;

    measured.recall_at_10 = recall(&store, &archive).await?;
    measured.questions = questions(&search, &archive).await?;
    measured.resident_megabytes = resident_megabytes()?;
    if !args.without_peer {
        let peer = FullText::fill(&folder.path().join("peer.db"), &archive)?;
        measured.questions.extend(peer.questions(&archive)?);
    }
    Ok(measured)
}

async fn open(file: &std::path::Path) -> anyhow::Result<Store> {
    let config = Config { dimension: DIMENSION, ..Config::default() };
    let meter = Meters::new("bench")?.meter();
    Ok(Store::sqlite(file, Access::ReadWrite, &config, Clock::system(), &meter).await?)
}

/// Stores all articles, and returns how many each second.
async fn stored(store: &Store, archive: &Archive) -> anyhow::Result<f64> {
    let mut took = Duration::ZERO;
    for batch in archive.batches(BATCH) {
        let started = Instant::now();
        store.articles().upsert(&batch).await?;
        took += started.elapsed();
    }
    Ok(archive.len() as f64 / took.as_secs_f64())
}

fn hybrid(text: &str, vector: &Embedding) -> anyhow::Result<Question> {
    let query = Query::parse(text, Clock::system().now())?;
    Ok(Question { query, vector: Some(vector.clone()), mode: SearchMode::Hybrid, recency: None })
}

/// The share of the ten nearest articles that the vector search finds.
async fn recall(store: &Store, archive: &Archive) -> anyhow::Result<f64> {
    let (mut found, mut wanted) = (0, 0);
    for number in 0..QUESTIONS.min(50) {
        let vector = archive.question(number).vector;
        let exact = archive.nearest(&vector, HITS);
        let near = store.articles().nearest(&vector, HITS, None).await?;
        found += near.iter().filter(|near| exact.contains(&near.id)).count();
        wanted += exact.len();
    }
    Ok(found as f64 / wanted as f64)
}

async fn questions(search: &Search, archive: &Archive) -> anyhow::Result<Vec<Timed>> {
    let mut all = Vec::new();
    let ranked = [
        ("hybrid, a dozen words", SearchMode::Hybrid, ""),
        ("hybrid, a dozen words, two filters", SearchMode::Hybrid, " lang:en has:image"),
        ("hybrid, a dozen words, a filter of 1 %", SearchMode::Hybrid, " site:site7.example"),
        ("words, a dozen", SearchMode::Text, ""),
        ("vectors", SearchMode::Vector, ""),
        ("vectors, a filter of 1 %", SearchMode::Vector, " site:site7.example"),
    ];
    for (name, mode, filter) in ranked {
        all.push(timed_ranking(search, archive, name, mode, filter, false).await?);
    }
    all.push(timed_ranking(search, archive, "words, two", SearchMode::Text, "", true).await?);
    all.push(timed_counts(search).await?);
    all.push(timed_lists(search).await?);
    Ok(all)
}

async fn timed_ranking(
    search: &Search,
    archive: &Archive,
    name: &'static str,
    mode: SearchMode,
    filter: &str,
    is_brief: bool,
) -> anyhow::Result<Timed> {
    let (mut times, mut short) = (Vec::new(), 0);
    for number in 0..QUESTIONS {
        let question = archive.question(number);
        let words = if is_brief { question.brief() } else { question.text.clone() };
        let question = hybrid(&format!("{words}{filter}"), &question.vector)?;
        let question = Question { mode, ..question };
        let started = Instant::now();
        let list = search.rank(&question).await?;
        let (hits, _) = search.page(&question.query, &list, 0, HITS).await?;
        times.push(started.elapsed());
        short += usize::from(hits.len() < HITS);
    }
    Ok(Timed::of(name, times, short))
}

/// Counts all articles by all properties, and by day and language.
async fn timed_counts(search: &Search) -> anyhow::Result<Timed> {
    let request = CountRequest {
        facets: Facet::ALL.to_vec(),
        values: HITS,
        interval: Some(Interval::Day),
        by: Some(Facet::Language),
    };
    let mut times = Vec::new();
    for _ in 0..20 {
        let started = Instant::now();
        search.count(&Query::everything(), &request).await?;
        times.push(started.elapsed());
    }
    Ok(Timed::of("seven facets and a series of all", times, 0))
}

async fn timed_lists(search: &Search) -> anyhow::Result<Timed> {
    let listing =
        Listing { query: Query::everything(), order: TimeOrder::Newest, after: None, limit: HITS };
    let mut times = Vec::new();
    for _ in 0..50 {
        let started = Instant::now();
        search.list(&listing).await?;
        times.push(started.elapsed());
    }
    Ok(Timed::of("the newest", times, 0))
}

fn megabytes_of(folder: &std::path::Path) -> anyhow::Result<f64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes as f64 / 1e6)
}

/// The memory that this process holds, without files that are mapped.
fn resident_megabytes() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status").context("no /proc")?;
    let line = status.lines().find(|line| line.starts_with("RssAnon:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    Ok(kilobytes.context("no RssAnon")? / 1e3)
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} articles, one process", self.articles)?;
        writeln!(f, "  stored            {:>10.0} / s", self.stored_per_second)?;
        writeln!(f, "  indexed           {:>10.0} / s", self.indexed_per_second)?;
        writeln!(f, "  index             {:>10.0} MB", self.index_megabytes)?;
        writeln!(f, "  open              {:>10.0} ms", self.open_milliseconds)?;
        writeln!(f, "  to first search   {:>10.0} ms", self.first_search_milliseconds)?;
        writeln!(f, "  memory            {:>10.0} MB", self.resident_megabytes)?;
        writeln!(f, "  recall@10         {:>10.4}", self.recall_at_10)?;
        writeln!(f, "\n{:<42}{:>9}{:>9}{:>9}{:>7}", "milliseconds", "p50", "p95", "p99", "short")?;
        for timed in &self.questions {
            let Timed { name, p50, p95, p99, short } = timed;
            writeln!(f, "{name:<42}{p50:>9.2}{p95:>9.2}{p99:>9.2}{short:>7}")?;
        }
        Ok(())
    }
}
