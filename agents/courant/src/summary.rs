//! The summary of a run.

use std::fmt;
use std::time::Duration;

use courant_api::search::SearchAnswer;
use courant_crawler::Report;
use serde::Serialize;

use crate::figures::Figures;
use crate::hits::show_hits;
use crate::paper::{Paper, harmless};
use crate::pipeline::Pipeline;
use crate::sample;
use crate::service::Service;

/// The stages whose times are shown: the agent, the stage, and the name for a reader.
const STAGES: [(&str, &str, &str); 7] = [
    ("crawler", "fetch", "fetch"),
    ("crawler", "extract", "extract"),
    ("gateway", "decide", "decide"),
    ("embedder", "embed", "embed"),
    ("analyst", "analyze", "analyze"),
    ("storage", "store", "store"),
    ("storage", "commit", "commit (per batch)"),
];

/// The figures of a run, and the result of one search.
#[derive(Debug, Serialize)]
pub(crate) struct RunSummary {
    found: u64,
    submitted: u64,
    not_modified: u64,
    known: u64,
    refused: std::collections::BTreeMap<&'static str, u64>,
    failed: std::collections::BTreeMap<&'static str, u64>,
    source_errors: std::collections::BTreeMap<String, String>,
    new: u64,
    revisions: u64,
    syndicated: u64,
    duplicates: u64,
    refused_by_gateway: u64,
    stored: u64,
    dead_letters: u64,
    articles_in_store: u64,
    seconds: f64,
    articles_per_second: f64,
    stages: Vec<Stage>,
    search: Option<SearchAnswer>,
}

#[derive(Debug, Serialize)]
struct Stage {
    name: &'static str,
    mean_ms: f64,
    count: u64,
}

impl RunSummary {
    pub(crate) async fn new(
        report: &Report,
        figures: &Figures,
        took: Duration,
        pipeline: &Pipeline,
        is_sample: bool,
    ) -> anyhow::Result<Self> {
        let decided =
            |decision| count(figures.sum("courant_entries_total", &[("decision", decision)]));
        let settled = |outcome| {
            figures.sum("courant_messages_total", &[("agent", "storage"), ("outcome", outcome)])
        };
        let queues = pipeline.bus.queues().await?;
        let dead_letters = queues.iter().find(|queue| queue.stream.ends_with("_DLQ"));
        let stored = settled("acknowledged");
        let seconds = took.as_secs_f64();
        Ok(Self {
            found: report.found,
            submitted: report.submitted,
            not_modified: report.not_modified,
            known: report.skipped_known,
            refused: report.refused.clone(),
            failed: report.failed.clone(),
            source_errors: report.source_errors.clone(),
            new: decided("new"),
            revisions: decided("revision"),
            syndicated: decided("syndicated"),
            duplicates: decided("duplicate"),
            refused_by_gateway: decided("refused"),
            stored: count(stored),
            dead_letters: dead_letters.map_or(0, |queue| queue.depth),
            articles_in_store: pipeline.store.counts().await?.articles,
            seconds,
            articles_per_second: if seconds > 0.0 { stored / seconds } else { 0.0 },
            stages: stages(figures),
            search: search(pipeline, is_sample).await?,
        })
    }
}

fn stages(figures: &Figures) -> Vec<Stage> {
    let times = STAGES.iter().map(|(agent, stage, name)| {
        let labels = [("agent", *agent), ("stage", *stage)];
        let (mean, times) = figures.mean("courant_stage_duration_seconds", &labels);
        Stage { name, mean_ms: mean * 1_000.0, count: count(times) }
    });
    times.filter(|stage| stage.count > 0).collect()
}

/// Runs a search that shows the store's content. It searches for the sample's own question, else
/// for the best key phrase of an article.
async fn search(pipeline: &Pipeline, is_sample: bool) -> anyhow::Result<Option<SearchAnswer>> {
    let Some(some) = pipeline.store.articles().list(None, 1).await?.pop() else { return Ok(None) };
    let query = if is_sample {
        sample::QUERY.to_owned()
    } else {
        let record = pipeline.store.articles().get(some.id).await?;
        let phrase = record.and_then(|record| record.analysis.key_phrases.into_iter().next());
        phrase.map_or(some.title, |phrase| phrase.text)
    };
    let service = Service::local(pipeline.gateway.routes().into_router());
    let answer = service.get("/v1/search", &[("q", query), ("k", "3".into())]).await?;
    Ok(Some(serde_json::from_value(harmless(&answer))?))
}

/// Converts a counter, which is a whole number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
fn count(value: f64) -> u64 {
    value as u64
}

impl fmt::Display for RunSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nPages found       {:>7}", self.found)?;
        writeln!(f, "  unchanged       {:>7}", self.not_modified)?;
        writeln!(f, "  known           {:>7}", self.known)?;
        for (reason, pages) in &self.refused {
            writeln!(f, "  refused         {pages:>7}  {reason}")?;
        }
        for (reason, pages) in &self.failed {
            writeln!(f, "  failed          {pages:>7}  {reason}")?;
        }
        writeln!(f, "  submitted       {:>7}", self.submitted)?;
        writeln!(f, "Articles stored   {:>7}", self.stored)?;
        writeln!(f, "  new             {:>7}", self.new)?;
        writeln!(f, "  revisions       {:>7}", self.revisions)?;
        writeln!(f, "  syndicated      {:>7}", self.syndicated)?;
        writeln!(f, "Duplicates        {:>7}", self.duplicates)?;
        if self.refused_by_gateway > 0 {
            writeln!(f, "Refused           {:>7}", self.refused_by_gateway)?;
        }
        if self.dead_letters > 0 {
            writeln!(f, "Dead letters      {:>7}  see courant dlq list", self.dead_letters)?;
        }
        writeln!(
            f,
            "Time              {:>7.1} s, {:.1} articles/s",
            self.seconds, self.articles_per_second
        )?;
        for stage in &self.stages {
            writeln!(f, "  {:<18}{:>9.2} ms on average", stage.name, stage.mean_ms)?;
        }
        for (source, reason) in &self.source_errors {
            writeln!(f, "Source            {source}: {reason}")?;
        }
        if let Some(search) = &self.search {
            writeln!(f, "\nSearch: {}", search.query)?;
            f.write_str(&show_hits(search, &Paper::standard_output()))?;
        }
        Ok(())
    }
}
