//! `courant run`: the whole pipeline in one process.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use courant_config::Document;
use courant_crawler::{Extent, Report, Source};
use courant_credentials::{Credentials, Records};
use courant_gpu_utils::collect;
use courant_newsstand::Newsstand;
use courant_service::{Config as ServiceConfig, Process};
use courant_telemetry::{Clock, Meters, Telemetry};
use tokio_util::sync::CancellationToken;

use crate::agents::DOOR;
use crate::config_args::ConfigArgs;
use crate::data::{self, DataFolder};
use crate::figures::Figures;
use crate::pipeline::Pipeline;
use crate::progress::Progress;
use crate::summary::RunSummary;
use crate::{http, sample, sections};

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Feed or site URLs, OPML files, URL lists, WARC or JSONL files, folders of HTML
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
    /// The folder that keeps articles and messages
    #[arg(long, value_name = "DIR", default_value = data::DEFAULT)]
    data: PathBuf,
    /// End when the sources are worked off
    #[arg(long)]
    once: bool,
    /// Crawl the bundled sample site, served on loopback by this process
    #[arg(long, conflicts_with = "sources")]
    sample: bool,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

/// Runs until a signal comes, or with `--once` until the sources are finished.
pub(crate) fn run(args: &RunArgs) -> anyhow::Result<()> {
    http::install_crypto();
    let document = args.config.load_quiet()?;
    sections::check(&document)?;
    let service = service(args, &document)?;
    let sources = sources(args, &document)?;
    let data = DataFolder::hold(&args.data)?;
    let telemetry = Telemetry::init("courant", &document.section("telemetry")?)?;
    let result = courant_service::block_on(service.drain(), |shutdown| {
        serve(args, document, sources, &data, &service, &telemetry, shutdown)
    });
    telemetry.flush();
    result
}

/// Returns the configuration of the service. A command that ends by itself takes any free port,
/// so that it can run beside a service.
fn service(args: &RunArgs, document: &Document) -> anyhow::Result<ServiceConfig> {
    let mut service: ServiceConfig = document.section("service")?;
    if args.once {
        service.http_port.get_or_insert(0);
        service.grpc_port.get_or_insert(0);
    }
    Ok(service)
}

/// Returns the sources of the command line, else those of the configuration. Each one is checked
/// before anything is opened.
fn sources(args: &RunArgs, document: &Document) -> anyhow::Result<Vec<Source>> {
    let config: courant_crawler::Config = document.section("crawler")?;
    let named = if args.sources.is_empty() { &config.sources } else { &args.sources };
    Ok(named.iter().map(|source| Source::parse(source)).collect::<Result<_, _>>()?)
}

async fn serve(
    args: &RunArgs,
    mut document: Document,
    mut sources: Vec<Source>,
    data: &DataFolder,
    service: &ServiceConfig,
    telemetry: &Telemetry,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let stand = if args.sample { Some(sample::stand(None).await?) } else { None };
    if let Some(stand) = &stand {
        sources = sample::sources(stand, &mut document)?;
    }
    let mut process = Process::new(telemetry);
    process.observe_host(&args.data);
    let meter = telemetry.meter();
    collect::observe(&meter, &document.section("gpu")?);
    let access = document.section("access")?;
    let records = Records::in_folder(data.path()).await.context("cannot open the credentials")?;
    let credentials = Credentials::open(records, &access, Clock::system()).await?;
    let token = Records::make_local_token(&data.token());
    let token = token.context("cannot write to the data folder")?;
    let gate = credentials.gate(Some(token)).context("cannot read a service token")?;
    process.guard(gate.clone());
    process.http(credentials.routes());
    let following = credentials.follow();
    let pipeline = Pipeline::start(&document, data, &mut process, &meter, &shutdown).await?;
    let listening = process.listen(service, DOOR.ports).await?;
    let address = listening.http_address()?;
    data.note_addresses(address, listening.grpc_address()?)?;
    let run = Run { args, meters: telemetry.meters(), shutdown };
    let address = format!("http://{address}");
    if gate.is_closed()
        && let Some(link) = credentials.first_link().await?
    {
        noteln!("Make the first account, within a day: {address}{link}");
    }
    let served = listening.serve(Box::pin(run.work(pipeline, sources, stand, &address))).await;
    following.end().await;
    served
}

struct Run<'a> {
    args: &'a RunArgs,
    meters: Meters,
    shutdown: CancellationToken,
}

impl Run<'_> {
    /// Makes one round over the sources, with progress and summary. Unless that is all, serves
    /// until a signal comes.
    async fn work(
        self,
        mut pipeline: Pipeline,
        sources: Vec<Source>,
        stand: Option<Newsstand>,
        address: &str,
    ) -> anyhow::Result<()> {
        let stays = !self.args.once;
        if stays {
            noteln!("Courant's pages are at {address}/");
        }
        if sources.is_empty() {
            noteln!("No source is named, here or in [crawler] sources: nothing is crawled");
        }
        if !sources.is_empty() {
            self.first_round(&mut pipeline, &sources, stand.as_ref()).await?;
        }
        if stays && !self.shutdown.is_cancelled() {
            let data = self.args.data.display();
            noteln!("\nOpen {address}/ in a browser (Ctrl-C ends Courant)");
            noteln!("Ask it: courant search --data {data} \"…\", or {address}/v1/search?q=…");
            let crawler = pipeline.new_crawler()?;
            let control = pipeline.crawler.clone();
            let serve = async {
                let crawled = crawler.run(sources, Extent::Forever, &control).await;
                crawled.context("the crawler failed")?;
                // An operator may have drained it alone.
                control.finished();
                self.shutdown.cancelled().await;
                Ok::<(), anyhow::Error>(())
            };
            tokio::select! {
                served = serve => served?,
                failed = pipeline.failed() => return Err(failed),
            }
        }
        self.shutdown.cancel();
        pipeline.crawler.finished();
        pipeline.join().await?;
        if let Some(stand) = stand {
            stand.stop().await;
        }
        Ok(())
    }

    async fn first_round(
        &self,
        pipeline: &mut Pipeline,
        sources: &[Source],
        stand: Option<&Newsstand>,
    ) -> anyhow::Result<()> {
        let started = tokio::time::Instant::now();
        // A restarted service requests no source sooner than planned.
        let stays = !self.args.once && stand.is_none();
        let extent = if stays { Extent::Due } else { Extent::Everything };
        let mut report = self.round(pipeline, sources, extent).await?;
        if let Some(stand) = stand {
            // The sample's publisher revises an article, and a second round finds the revision.
            stand.revise();
            noteln!("One article was revised by its publisher: a second round finds it");
            report = sample::add(report, self.round(pipeline, sources, extent).await?);
        }
        let figures = Figures::parse(&self.meters.render()?);
        let summary =
            RunSummary::new(&report, &figures, started.elapsed(), pipeline, stand.is_some())
                .await?;
        if self.args.json {
            outln!("{}", serde_json::to_string_pretty(&summary)?);
        } else {
            outln!("{summary}");
        }
        if self.args.once {
            return whole(&report);
        }
        Ok(())
    }

    /// Crawls the sources once and waits until their articles are stored.
    async fn round(
        &self,
        pipeline: &mut Pipeline,
        sources: &[Source],
        extent: Extent,
    ) -> anyhow::Result<Report> {
        let crawler = pipeline.new_crawler()?;
        // A service takes requests from its start.
        let crawler = if self.args.once { crawler } else { crawler.serving_requests() };
        let progress = Progress::start(crawler.progress(), self.meters.clone());
        let control = pipeline.crawler.clone();
        let crawl = crawler.run(sources.to_vec(), extent, &control);
        let report = tokio::select! {
            crawled = crawl => crawled.context("the crawler failed")?,
            // A service waits for room; a command ends.
            full = pipeline.no_room(), if self.args.once => return Err(full),
        };
        pipeline.drained(&self.shutdown).await?;
        progress.finish().await;
        Ok(report)
    }
}

/// Fails if a source could not be read.
fn whole(report: &Report) -> anyhow::Result<()> {
    match report.source_errors.iter().next() {
        Some((source, reason)) => anyhow::bail!("{source}: {reason}"),
        None => Ok(()),
    }
}
