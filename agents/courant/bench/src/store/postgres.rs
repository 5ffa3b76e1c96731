//! The archive on a Postgres server, beside pgvector used plainly: one table with an HNSW index.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use courant_config::Secret;
use courant_store::{Config, Span, Store, StoredArticle};
use courant_telemetry::{Clock, Meters};
use serde::Serialize;
use tokio::task::JoinSet;

use super::archive::{Archive, DIMENSION};
use super::coded::{Codes, Scanner};
use super::plain::Plain;
use super::timed::Timed;

/// Articles per transaction, as the storage agent commits them.
const BATCH: usize = 64;
/// The months over which the articles were first observed.
const MONTHS: usize = 12;
/// Articles of which the plain table gets each in a transaction of its own.
const ALONE: usize = 1_000;
/// Clients that search at the same time, and searches of each.
const CLIENTS: usize = 10;
const SEARCHES: usize = 40;
/// Searches whose answers are compared with the exact ones.
const COMPARED: usize = 50;
const HITS: usize = 10;

/// The figures of one run.
#[derive(Debug, Default, Serialize)]
pub(super) struct Measured {
    articles: usize,
    stored_per_second: f64,
    alone_per_second: f64,
    upkeep_seconds: f64,
    partitions: usize,
    recall_at_10: f64,
    plain_recall_at_10: f64,
    scan_recall_at_10: f64,
    searches: Vec<Timed>,
}

/// The spans of the months until now, the newest last.
fn months() -> Vec<Span> {
    let mut months = vec![Span::month_of(Clock::system().unix_ms())];
    while months.len() < MONTHS {
        months.insert(0, Span::month_of(months[0].from_ms - 1));
    }
    months
}

/// Gives the articles, which come in order, times in these months.
fn observed(mut records: Vec<StoredArticle>, first: usize, all: usize) -> Vec<StoredArticle> {
    let months = months();
    for (number, record) in (first..).zip(&mut records) {
        record.article.revision.0 = observed_ms(&months, number, all);
    }
    records
}

fn observed_ms(months: &[Span], number: usize, all: usize) -> i64 {
    months[number * MONTHS / all].from_ms + number as i64
}

/// Measures on a new database of the server at `url`, which is dropped again.
pub(super) async fn measure(url: &str, articles: usize) -> anyhow::Result<Measured> {
    let database = Plain::create_database(url).await?;
    let measured = measure_on(&database, articles).await;
    Plain::drop_database(url).await?;
    measured
}

async fn measure_on(url: &str, articles: usize) -> anyhow::Result<Measured> {
    let archive = Arc::new(Archive::new(articles));
    let config = Config {
        url: Some(Secret::new(url)),
        dimension: DIMENSION,
        pool_max: CLIENTS,
        ..Config::default()
    };
    let meter = Meters::new("bench")?.meter();
    let store = Store::postgres(&config, Clock::system(), &meter).await?;
    let plain = Plain::connect(url).await?;
    let mut measured = Measured { articles, ..Measured::default() };
    fill(&store, &plain, &archive, &mut measured).await?;

    let started = Instant::now();
    while let Some(upkeep) = store.articles().upkeep().await? {
        measured.partitions = upkeep.partitions;
        if upkeep.step.is_none() {
            break;
        }
    }
    measured.upkeep_seconds = started.elapsed().as_secs_f64();

    let months = months();
    let times =
        (0..articles).map(|number| observed_ms(&months, number, articles)).collect::<Vec<_>>();
    let codes = Arc::new(Codes::of(&archive, times)?);
    for (name, spans) in [("a month", months.clone()), ("all times", vec![Span::ALWAYS; MONTHS])] {
        let ours =
            in_clients(|client| ours(store.clone(), Arc::clone(&archive), spans.clone(), client));
        measured.searches.push(summary(format!("Courant, {name}"), ours.await?));
        let url = url.to_owned();
        let plain =
            in_clients(|client| theirs(url.clone(), Arc::clone(&archive), spans.clone(), client));
        measured.searches.push(summary(format!("plain pgvector, {name}"), plain.await?));
        let scan = in_clients(|client| {
            scan(url.clone(), Arc::clone(&archive), Arc::clone(&codes), spans.clone(), client)
        });
        measured.searches.push(summary(format!("a scan of codes, {name}"), scan.await?));
    }
    recall(&store, &plain, &archive, &months, &mut measured).await?;
    measured.scan_recall_at_10 = scan_recall(url, &plain, &archive, &codes, &months).await?;
    Ok(measured)
}

/// Stores everything in both, and the last articles one by one in the plain table, which has its
/// index by then.
async fn fill(
    store: &Store,
    plain: &Plain,
    archive: &Archive,
    measured: &mut Measured,
) -> anyhow::Result<()> {
    let (mut took, mut alone, mut first) = (Duration::ZERO, Vec::new(), 0);
    for batch in archive.batches(BATCH) {
        let batch = observed(batch, first, archive.len());
        first += batch.len();
        let started = Instant::now();
        store.articles().upsert(&batch).await?;
        took += started.elapsed();
        if first + ALONE > archive.len() {
            alone.extend(batch);
        } else {
            plain.insert(&batch).await?;
        }
    }
    measured.stored_per_second = archive.len() as f64 / took.as_secs_f64();
    plain.index().await?;
    let started = Instant::now();
    for record in &alone {
        plain.insert(std::slice::from_ref(record)).await?;
    }
    measured.alone_per_second = alone.len() as f64 / started.elapsed().as_secs_f64();
    Ok(())
}

type Searches = anyhow::Result<(Vec<Duration>, usize)>;

/// Does the searches of all clients at the same time.
async fn in_clients<F>(search: impl Fn(usize) -> F) -> Searches
where
    F: Future<Output = Searches> + Send + 'static,
{
    let mut clients: JoinSet<Searches> = (0..CLIENTS).map(search).collect();
    let (mut times, mut short) = (Vec::new(), 0);
    while let Some(client) = clients.join_next().await {
        let (took, missing) = client.context("a client ended")??;
        times.extend(took);
        short += missing;
    }
    Ok((times, short))
}

async fn ours(store: Store, archive: Arc<Archive>, spans: Vec<Span>, client: usize) -> Searches {
    let (articles, mut times, mut short) = (store.articles(), Vec::new(), 0);
    for number in 0..SEARCHES {
        let vector = archive.question(client * SEARCHES + number).vector;
        let started = Instant::now();
        let span = spans[number % MONTHS];
        let near = articles.nearest_observed(&vector, HITS, span, None).await?;
        times.push(started.elapsed());
        short += usize::from(near.len() < HITS);
    }
    Ok((times, short))
}

async fn theirs(url: String, archive: Arc<Archive>, spans: Vec<Span>, client: usize) -> Searches {
    let plain = Plain::connect(&url).await?;
    let (mut times, mut short) = (Vec::new(), 0);
    for number in 0..SEARCHES {
        let vector = archive.question(client * SEARCHES + number).vector;
        let started = Instant::now();
        let near = plain.nearest(&vector, spans[number % MONTHS], HITS).await?;
        times.push(started.elapsed());
        short += usize::from(near.len() < HITS);
    }
    Ok((times, short))
}

async fn scan(
    url: String,
    archive: Arc<Archive>,
    codes: Arc<Codes>,
    spans: Vec<Span>,
    client: usize,
) -> Searches {
    let scanner = Scanner::connect(&url).await?;
    let (mut times, mut short) = (Vec::new(), 0);
    for number in 0..SEARCHES {
        let vector = archive.question(client * SEARCHES + number).vector;
        let started = Instant::now();
        let near = scanner.nearest(&codes, &vector, spans[number % MONTHS], HITS).await?;
        times.push(started.elapsed());
        short += usize::from(near.len() < HITS);
    }
    Ok((times, short))
}

fn summary(name: String, (times, short): (Vec<Duration>, usize)) -> Timed {
    Timed::of(name, times, short)
}

/// The shares of the ten nearest in a month that both find.
async fn recall(
    store: &Store,
    plain: &Plain,
    archive: &Archive,
    months: &[Span],
    measured: &mut Measured,
) -> anyhow::Result<()> {
    let (mut wanted, mut ours, mut theirs) = (0, 0, 0);
    for number in 0..COMPARED {
        let (vector, span) = (archive.question(number).vector, months[number % MONTHS]);
        let exact = plain.exact(&vector, span, HITS).await?;
        let near = store.articles().nearest_observed(&vector, HITS, span, None).await?;
        ours += near.iter().filter(|near| exact.contains(&near.id.as_bytes().to_vec())).count();
        let near = plain.nearest(&vector, span, HITS).await?;
        theirs += near.iter().filter(|id| exact.contains(*id)).count();
        wanted += exact.len();
    }
    measured.recall_at_10 = ours as f64 / wanted as f64;
    measured.plain_recall_at_10 = theirs as f64 / wanted as f64;
    Ok(())
}

/// The share of the ten nearest in a month that a scan of codes finds.
async fn scan_recall(
    url: &str,
    plain: &Plain,
    archive: &Archive,
    codes: &Codes,
    months: &[Span],
) -> anyhow::Result<f64> {
    let scanner = Scanner::connect(url).await?;
    let (mut wanted, mut found) = (0, 0);
    for number in 0..COMPARED {
        let (vector, span) = (archive.question(number).vector, months[number % MONTHS]);
        let exact = plain.exact(&vector, span, HITS).await?;
        let near = scanner.nearest(codes, &vector, span, HITS).await?;
        found += near.iter().filter(|id| exact.contains(*id)).count();
        wanted += exact.len();
    }
    Ok(found as f64 / wanted as f64)
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ratio = self.stored_per_second / self.alone_per_second;
        writeln!(f, "{} articles on Postgres, {} partitions", self.articles, self.partitions)?;
        writeln!(f, "  stored            {:>10.0} / s", self.stored_per_second)?;
        writeln!(f, "  one row, plain    {:>10.0} / s ({ratio:.1} times)", self.alone_per_second)?;
        writeln!(f, "  upkeep            {:>10.1} s", self.upkeep_seconds)?;
        writeln!(f, "  recall@10         {:>10.4} (a month)", self.recall_at_10)?;
        writeln!(f, "  recall@10, plain  {:>10.4}", self.plain_recall_at_10)?;
        writeln!(f, "  recall@10, scan   {:>10.4}", self.scan_recall_at_10)?;
        writeln!(f, "\n{:<42}{:>9}{:>9}{:>9}{:>7}", "milliseconds", "p50", "p95", "p99", "short")?;
        for Timed { name, p50, p95, p99, short } in &self.searches {
            writeln!(f, "{name:<42}{p50:>9.2}{p95:>9.2}{p99:>9.2}{short:>7}")?;
        }
        Ok(())
    }
}
