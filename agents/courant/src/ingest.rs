//! `courant ingest`: submits the articles of sources once, and does not follow the sources.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use courant_article::Decision;
use courant_bus::{Bus, Failure, MessageId, Stage};
use courant_config::Document;
use courant_crawler::{Crawler, Extent, Report, Source};
use courant_proto::v1;
use courant_service::Control;
use courant_store::{Access, Store};
use courant_telemetry::{Clock, Meters, Telemetry};
use opentelemetry::metrics::Meter;
use serde::Serialize;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::config_args::ConfigArgs;
use crate::http;
use crate::intake::{Intake, IntakeArgs};

/// The longest wait for each of the last decisions.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Args)]
pub(crate) struct IngestArgs {
    /// JSONL or WARC files, folders of HTML, URL lists, feeds
    #[arg(value_name = "SOURCE", required = true)]
    sources: Vec<String>,
    #[command(flatten)]
    intake: IntakeArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

/// The outcomes of everything that was submitted.
#[derive(Debug, Default, Serialize)]
struct Outcome {
    #[serde(flatten)]
    report: Report,
    /// The number of entries by decision.
    decided: BTreeMap<&'static str, u64>,
    /// The number of entries that the gateway refused, by reason.
    refused_by_gateway: BTreeMap<String, u64>,
    /// The number of entries without a decision when the wait ended.
    undecided: u64,
}

/// Submits every source once and prints the decisions.
pub(crate) fn run(args: &IngestArgs) -> anyhow::Result<()> {
    http::install_crypto();
    let document = args.config.load_quiet()?;
    let parsed = args.sources.iter().map(|source| Source::parse(source));
    let sources: Vec<Source> = parsed.collect::<Result<_, _>>()?;
    // The log names the lines that are no articles.
    let telemetry = Telemetry::init("courant", &document.section("telemetry")?)?;
    let outcome = http::block_on(ingest(&args.intake, &document, sources));
    telemetry.flush();
    let outcome = outcome?;
    if args.json {
        outln!("{}", serde_json::to_string_pretty(&outcome)?);
    } else {
        print(&outcome);
    }
    match outcome.report.source_errors.iter().next() {
        Some((source, reason)) => bail!("{source}: {reason}"),
        None if outcome.undecided > 0 => bail!("submitted, but no gateway decided on all of it"),
        None => Ok(()),
    }
}

/// Runs a crawler that submits to a bus of this process. Each entry is forwarded from there, so
/// that its decision can be told apart from those of other publishers.
async fn ingest(
    intake: &IntakeArgs,
    document: &Document,
    sources: Vec<Source>,
) -> anyhow::Result<Outcome> {
    let meter = Meters::new("courant")?.meter();
    let intake = Intake::open(intake, document, &meter).await?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let local = local_bus(&folder, &meter)?;
    let control = Control::new("crawler", &CancellationToken::new());

    let crawler = crawler(document, &folder, &local, &meter).await?;
    let crawl = async {
        let crawled = crawler.run(sources, Extent::Everything, &control).await;
        let report = crawled.context("the crawler failed")?;
        control.drain();
        Ok::<_, anyhow::Error>(report)
    };
    let mut ledger = Ledger { intake, outcome: Outcome::default() };
    let (report, ()) = tokio::try_join!(crawl, ledger.hand_on(&local, &control))?;
    ledger.hear_out().await?;
    local.close().await.context("cannot close the local bus")?;
    ledger.intake.close().await?;
    Ok(Outcome { report, ..ledger.outcome })
}

fn local_bus(folder: &TempDir, meter: &Meter) -> anyhow::Result<Bus> {
    let config = courant_bus::Config::default();
    Bus::embedded(&config, &folder.path().join("spool.db"), Clock::system(), meter)
        .context("cannot open a local bus")
}

async fn crawler(
    document: &Document,
    folder: &TempDir,
    bus: &Bus,
    meter: &Meter,
) -> anyhow::Result<Crawler> {
    let (path, config) = (folder.path().join("courant.db"), courant_store::Config::default());
    let store = Store::sqlite(&path, Access::ReadWrite, &config, Clock::system(), meter)
        .await
        .context("cannot remember what was fetched")?;
    let config = document.section("crawler")?;
    Ok(Crawler::build(config, bus.clone(), store, Clock::system(), meter)?)
}

/// Forwards entries and counts the decisions on them.
struct Ledger {
    intake: Intake,
    outcome: Outcome,
}

impl Ledger {
    /// Forwards every entry of `local` until the crawler is finished and no entry is left.
    async fn hand_on(&mut self, local: &Bus, control: &Control) -> anyhow::Result<()> {
        let mut entries = local.consume(Stage::GATEWAY, 1).await?;
        loop {
            let delivery = tokio::select! {
                biased;
                decision = self.intake.decision() => {
                    self.count(decision?)?;
                    continue;
                }
                delivery = entries.next() => delivery.context("the local bus was closed")?,
                emptied = empty(local, control) => return emptied,
            };
            let entry: v1::Entry = delivery.decode().map_err(anyhow::Error::from)?;
            let id = delivery.message_id();
            let id = id.unwrap_or_else(|| MessageId::new(entry.submission_id.clone()));
            self.intake.submit(&id, entry).await?;
            delivery.settle(Ok::<(), Failure>(())).await;
        }
    }

    /// Waits for the missing decisions. Each decision that comes restarts the time limit.
    async fn hear_out(&mut self) -> anyhow::Result<()> {
        while self.intake.undecided() > 0 {
            match tokio::time::timeout(PATIENCE, self.intake.decision()).await {
                Ok(decision) => self.count(decision?)?,
                Err(_) => break,
            }
        }
        self.outcome.undecided = self.intake.undecided() as u64;
        Ok(())
    }

    fn count(&mut self, event: v1::EntryDecided) -> anyhow::Result<()> {
        let decision = Decision::try_from(event.decision())?;
        *self.outcome.decided.entry(decision.as_str()).or_default() += 1;
        if !event.reason.is_empty() {
            *self.outcome.refused_by_gateway.entry(event.reason).or_default() += 1;
        }
        Ok(())
    }
}

/// Completes when the crawler is finished and its queue is empty.
async fn empty(local: &Bus, control: &Control) -> anyhow::Result<()> {
    control.stopped().await;
    loop {
        let queues = local.queues().await?;
        if queues.iter().all(|queue| !queue.is_work() || queue.depth == 0) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn print(outcome: &Outcome) {
    outln!("{}", outcome.report);
    out!("{}", reasons(&outcome.report));
    for (decision, entries) in &outcome.decided {
        outln!("{decision:<12}{entries:>7}");
    }
    for (reason, entries) in &outcome.refused_by_gateway {
        outln!("  refused   {entries:>7}  {reason}");
    }
    if outcome.undecided > 0 {
        outln!("undecided   {:>7}  no gateway decided within {PATIENCE:?}", outcome.undecided);
    }
}

/// Returns one line for each reason why entries were not submitted.
fn reasons(report: &Report) -> String {
    let kinds = [("refused", &report.refused), ("failed", &report.failed)];
    let lines = kinds.into_iter().flat_map(|(kind, reasons)| {
        let line = move |(reason, entries): (&&str, &u64)| {
            format!("  {kind:<10}{entries:>7}  {}\n", reason.replace('_', " "))
        };
        reasons.iter().map(line)
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_why_entries_were_left_out_is_a_line() {
        let report = Report {
            found: 4,
            refused: [("invalid_record", 2), ("no_url", 1)].into(),
            failed: [("timeout", 1)].into(),
            ..Report::default()
        };
        assert_eq!(
            reasons(&report),
            "  refused         2  invalid record\n  refused         1  no url\n  \
             failed          1  timeout\n"
        );
    }
}
