//! `courant-bench crawl`: measures the way from feeds to stored articles, as in `courant run
//! --once`. The log of the crawled server shows the politeness.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Args;
use courant::config_args::ConfigArgs;
use courant::data::DataFolder;
use courant::figures::Figures;
use courant::http;
use courant::outln;
use courant::pipeline::Pipeline;
use courant_config::Document;
use courant_crawler::{Extent, Report, Source};
use courant_dedup::registered_domain_of;
use courant_newsstand::{LoggedRequest, Newsstand, many};
use courant_service::{Config as ServiceConfig, Process};
use courant_telemetry::Telemetry;
use serde::Serialize;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The stages that work on a page, each with its histogram and labels. Waits in queues are left
/// out.
const STAGES: [(&str, &str, Labels); 8] = [
    ("fetch", OF_AGENT, &[("agent", "crawler"), ("stage", "fetch")]),
    ("extract", OF_AGENT, &[("agent", "crawler"), ("stage", "extract")]),
    ("publish", OF_AGENT, &[("agent", "crawler"), ("stage", "publish")]),
    ("decide", OF_AGENT, &[("agent", "gateway"), ("stage", "decide")]),
    ("tokenize", "courant_encoder_tokenize_duration_seconds", &[]),
    ("embed (batches)", "courant_encoder_inference_duration_seconds", &[]),
    ("analyze", OF_AGENT, &[("agent", "analyst"), ("stage", "analyze")]),
    ("commit (batches)", OF_AGENT, &[("agent", "storage"), ("stage", "commit")]),
];
type Labels = &'static [(&'static str, &'static str)];
const OF_AGENT: &str = "courant_stage_duration_seconds";

#[derive(Debug, Args)]
pub(crate) struct CrawlArgs {
    /// Sites; every fifth shares the registered domain of the one before it
    #[arg(long, value_name = "N", default_value = "500")]
    hosts: usize,
    /// Articles of each site
    #[arg(long, value_name = "N", default_value = "4")]
    pages: usize,
    /// The pause between two requests to a registered domain
    #[arg(long, value_name = "MS", default_value = "50")]
    delay_ms: u64,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

/// The figures that were measured.
#[derive(Debug, Serialize)]
struct Measured {
    hosts: usize,
    registered_domains: usize,
    delay_ms: u64,
    pages: u64,
    requests: usize,
    fetched: u64,
    extracted: u64,
    stored: u64,
    /// The time until the last page was submitted.
    crawl_seconds: f64,
    /// The time until the last article was stored.
    total_seconds: f64,
    fetched_per_second: f64,
    extracted_per_second: f64,
    stored_per_second: f64,
    stages: Vec<Stage>,
    /// The time spent waiting for the turns of sites, which is not work.
    waited_seconds: f64,
    /// The number of requests that came before the delay after the previous one, to the same
    /// registered domain, was over.
    politeness_violations: usize,
    shortest_gap_ms: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Stage {
    name: &'static str,
    times: u64,
    seconds: f64,
    /// The share of the seconds of all stages, 0 to 1.
    share: f64,
}

/// Measures and prints the figures.
pub(crate) fn run(args: &CrawlArgs) -> anyhow::Result<()> {
    ensure!(args.hosts > 0 && args.pages > 0, "there is nothing to crawl");
    http::install_crypto();
    let document = args.config.load_quiet()?;
    let service: ServiceConfig = document.section("service")?;
    let folder = tempfile::tempdir().context("cannot make a folder for the data")?;
    let data = DataFolder::hold(folder.path())?;
    let telemetry = Telemetry::init("courant", &document.section("telemetry")?)?;
    let measured = courant_service::block_on(service.drain(), |shutdown| {
        measure(args, document, &data, &telemetry, shutdown)
    });
    telemetry.flush();
    let measured = measured?;
    if args.json {
        outln!("{}", serde_json::to_string_pretty(&measured)?);
    } else {
        outln!("{measured}");
    }
    let violations = measured.politeness_violations;
    ensure!(violations == 0, "{violations} requests came sooner than the sites allow");
    Ok(())
}

async fn measure(
    args: &CrawlArgs,
    mut document: Document,
    data: &DataFolder,
    telemetry: &Telemetry,
    shutdown: CancellationToken,
) -> anyhow::Result<Measured> {
    let delay = Duration::from_millis(args.delay_ms);
    let stand = Newsstand::start(
        many(args.hosts, args.pages, delay),
        SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
    );
    let stand = stand.await.context("cannot serve the sites")?;
    let sources = sources(&stand, &mut document, args.delay_ms)?;
    let mut process = Process::new(telemetry);
    let meter = telemetry.meter();
    let mut pipeline =
        Box::pin(Pipeline::start(&document, data, &mut process, &meter, &shutdown)).await?;

    let crawler = pipeline.new_crawler()?;
    let control = pipeline.crawler.clone();
    let started = Instant::now();
    let crawled = Box::pin(crawler.run(sources, Extent::Everything, &control)).await;
    let report = crawled.context("the crawler failed")?;
    let crawl_seconds = started.elapsed().as_secs_f64();
    pipeline.drained(&shutdown).await?;
    let total_seconds = started.elapsed().as_secs_f64();
    ensure!(!shutdown.is_cancelled(), "interrupted before all was stored");

    let figures = Figures::parse(&telemetry.meters().render()?);
    let log = stand.log();
    shutdown.cancel();
    pipeline.crawler.finished();
    pipeline.join().await?;
    stand.stop().await;
    Ok(measured(args, &report, &figures, &log, [crawl_seconds, total_seconds]))
}

/// Returns the feeds of the sites. Maps their hosts to the newsstand.
fn sources(
    stand: &Newsstand,
    document: &mut Document,
    delay_ms: u64,
) -> anyhow::Result<Vec<Source>> {
    let resolve = [("*".to_owned(), stand.addr().to_string().into())];
    document.set("crawler.resolve", toml::Table::from_iter(resolve))?;
    document.set("crawler.min_delay_ms", i64::try_from(delay_ms)?)?;
    let feed = |host: &String| Source::parse(&format!("http://{host}/feed.xml"));
    Ok(stand.hosts().iter().map(feed).collect::<Result<_, _>>()?)
}

fn measured(
    args: &CrawlArgs,
    report: &Report,
    figures: &Figures,
    log: &[LoggedRequest],
    [crawl_seconds, total_seconds]: [f64; 2],
) -> Measured {
    let of_crawler = |stage, part| {
        figures.sum(&format!("{OF_AGENT}_{part}"), &[("agent", "crawler"), ("stage", stage)])
    };
    let times = STAGES.map(|(name, metric, labels)| {
        let sum = |part| figures.sum(&format!("{metric}_{part}"), labels);
        (name, whole(sum("count")), sum("sum"))
    });
    let all: f64 = times.iter().map(|(.., seconds)| seconds).sum();
    let stages = times.map(|(name, times, seconds)| {
        let share = if all > 0.0 { seconds / all } else { 0.0 };
        Stage { name, times, seconds, share }
    });
    let extracted = whole(of_crawler("extract", "count"));
    let stored = whole(
        figures.sum("courant_messages_total", &[("agent", "storage"), ("outcome", "acknowledged")]),
    );
    let delay = Duration::from_millis(args.delay_ms);
    let (registered_domains, gaps) = gaps(log);
    let per_second = |count: u64, seconds: f64| count as f64 / seconds;
    Measured {
        hosts: args.hosts,
        registered_domains,
        delay_ms: args.delay_ms,
        pages: report.found,
        requests: log.len(),
        fetched: report.fetched,
        extracted,
        stored,
        crawl_seconds,
        total_seconds,
        fetched_per_second: per_second(report.fetched, crawl_seconds),
        extracted_per_second: per_second(extracted, crawl_seconds),
        stored_per_second: per_second(stored, total_seconds),
        stages: stages.into(),
        waited_seconds: of_crawler("wait", "sum"),
        politeness_violations: gaps.iter().filter(|gap| **gap < delay).count(),
        shortest_gap_ms: gaps.iter().min().map(|gap| gap.as_secs_f64() * 1_000.0),
    }
}

/// Returns the number of requested registered domains, and the times between two requests to the
/// same domain, from start to start.
fn gaps(log: &[LoggedRequest]) -> (usize, Vec<Duration>) {
    let mut starts: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for request in log {
        starts.entry(registered_domain_of(&request.host)).or_default().push(request.at);
    }
    // The log is in the order of the answers, not of the requests.
    starts.values_mut().for_each(|starts| starts.sort());
    let gaps = starts.values().flat_map(|starts| starts.windows(2).map(|pair| pair[1] - pair[0]));
    (starts.len(), gaps.collect())
}

/// Converts a counter, which is a whole number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
fn whole(value: f64) -> u64 {
    value as u64
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} hosts on loopback, {} registered domains, {} pages; a delay of {} ms per domain \
             (the default is 1000)",
            self.hosts, self.registered_domains, self.pages, self.delay_ms
        )?;
        writeln!(f, "\n{:<22}{:>9}{:>11}{:>11}", "", "pages", "seconds", "pages/s")?;
        let rows = [
            ("fetched", self.fetched, self.crawl_seconds, self.fetched_per_second),
            ("extracted", self.extracted, self.crawl_seconds, self.extracted_per_second),
            ("stored", self.stored, self.total_seconds, self.stored_per_second),
        ];
        for (name, count, seconds, rate) in rows {
            writeln!(f, "{name:<22}{count:>9}{seconds:>11.2}{rate:>11.1}")?;
        }
        writeln!(f, "\n{:<22}{:>9}{:>11}{:>11}", "stage", "times", "seconds", "share")?;
        for Stage { name, times, seconds, share } in &self.stages {
            writeln!(f, "{name:<22}{times:>9}{seconds:>11.2}{:>10.1}%", share * 100.0)?;
        }
        writeln!(
            f,
            "(seconds from start to end, summed over all that ran side by side; {:.2} more were \
             waits for a site's turn)",
            self.waited_seconds
        )?;
        write!(
            f,
            "\n{} requests, {} politeness violations, shortest gap within a domain {:.1} ms",
            self.requests,
            self.politeness_violations,
            self.shortest_gap_ms.unwrap_or_default()
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn gaps_are_those_within_a_registered_domain() {
        let start = Instant::now();
        let request = |host: &str, at_ms| LoggedRequest {
            host: host.into(),
            path: "/".into(),
            status: 200,
            at: start + Duration::from_millis(at_ms),
            bytes: 0,
            conditional: false,
        };
        let log = [
            request("a.example", 0),
            request("b.example", 10),
            request("www.a.example", 70),
            request("a.example", 50),
        ];
        let (domains, gaps) = gaps(&log);
        assert_eq!((domains, gaps), (2, [50, 20].map(Duration::from_millis).to_vec()));
    }
}
