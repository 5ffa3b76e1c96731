//! `courant models promote` and `courant models rollback`: change the head in use.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use courant_heads::registry::{HeadComparison, RegistryError, Rollout};
use courant_heads::{Head, HeadTask};
use courant_telemetry::Clock;
use serde::Serialize;

use super::labelled::LabelledFile;
use super::setup::{Loaded, Setup};
use super::shelf;

#[derive(Debug, Args)]
pub(super) struct PromoteArgs {
    /// A kept head, as NAME@VERSION, or a head's file, which is kept then
    head: String,
    /// Labelled texts on which both heads are measured [default: the scores on the data
    /// that both learned from]
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Promote it although it is worse, or cannot be compared
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    setup: Setup,
}

#[derive(Debug, Args)]
pub(super) struct RollbackArgs {
    /// The head, as news-sentiment, iptc-topics or entities
    name: String,
    #[command(flatten)]
    setup: Setup,
}

#[derive(Serialize)]
struct RolloutReport {
    name: &'static str,
    #[serde(flatten)]
    rollout: Rollout,
}

pub(super) fn promote(args: &PromoteArgs) -> anyhow::Result<()> {
    let loaded = args.setup.load()?;
    let candidate = candidate(&args.head, &loaded)?;
    let task = candidate.task();
    if let Some(file) = loaded.configured(task) {
        bail!("[analyst] names {} for it: a promoted head would not be used", file.display());
    }
    let judged = match &args.data {
        Some(data) => Some(measured(&candidate, data, &loaded)?),
        // No comparison is made, because the head in use may be broken.
        None if args.force => None,
        None => recorded(&candidate, &loaded)?,
    };
    if judged.is_none() && !args.force {
        bail!(
            "{candidate} and the head in use were not measured on the same texts: \
             say --data FILE to measure both, or --force"
        );
    }
    let now = Clock::system().unix_ms();
    let registry = loaded.registry(task);
    let promoted = registry.promote(task, &candidate.version(), judged, args.force, now);
    let rollout = promoted.map_err(|error| match error {
        error @ RegistryError::Worse { .. } => {
            anyhow::Error::from(error).context("it is not promoted (--force does)")
        }
        error => error.into(),
    })?;
    args.setup.show(&RolloutReport { name: task.head_name(), rollout }, text)
}

pub(super) fn roll_back(args: &RollbackArgs) -> anyhow::Result<()> {
    let loaded = args.setup.load()?;
    let task = named(&args.name)?;
    let rollout = loaded.registry(task).roll_back(task, Clock::system().unix_ms())?;
    args.setup.show(&RolloutReport { name: task.head_name(), rollout }, text)
}

fn named(name: &str) -> anyhow::Result<HeadTask> {
    let known = HeadTask::ALL.map(HeadTask::head_name).join(", ");
    HeadTask::of_head(name)
        .with_context(|| format!("no head is called {name:?}; known are {known}"))
}

/// Returns the named head. A head from a file is first added to the kept heads.
fn candidate(head: &str, loaded: &Loaded) -> anyhow::Result<Head> {
    if Path::new(head).is_file() {
        let head = shelf::read(Path::new(head))?;
        loaded.registry(head.task()).keep(&head)?;
        return Ok(head);
    }
    let (name, version) = head
        .split_once('@')
        .with_context(|| format!("{head:?} is neither NAME@VERSION nor a head's file"))?;
    let task = named(name)?;
    Ok(loaded.registry(task).read(task, version)?)
}

/// Measures both heads on texts that neither was trained on.
fn measured(candidate: &Head, data: &Path, loaded: &Loaded) -> anyhow::Result<HeadComparison> {
    let task = candidate.task();
    let active = loaded.active(task)?;
    let labelled = LabelledFile::read(data, task)?;
    let data_sha256 = labelled.sha256.clone();
    let encoder = loaded.load_encoder()?;
    let texts = labelled.judging(active.iter().chain([candidate])).embed(&encoder)?;
    let score = task.deciding_score();
    let of = |head: Option<&Head>| -> anyhow::Result<f64> {
        let scores = texts.scores(head, &encoder)?;
        scores.get(score).copied().with_context(|| format!("{score} could not be measured"))
    };
    let (candidate, active) = (of(Some(candidate))?, of(active.as_ref())?);
    Ok(HeadComparison { score: score.to_owned(), candidate, active, data_sha256 })
}

/// Compares the scores that were measured when the heads were trained; `None` if they were not
/// measured on the same held-back texts.
fn recorded(candidate: &Head, loaded: &Loaded) -> anyhow::Result<Option<HeadComparison>> {
    let Some(active) = loaded.active(candidate.task())? else { return Ok(None) };
    let score = candidate.task().deciding_score();
    let of = |head: &Head| head.scores().get(score).copied();
    let same_texts = active.data_sha256() == candidate.data_sha256();
    let (Some(own), Some(other), true) = (of(candidate), of(&active), same_texts) else {
        return Ok(None);
    };
    let data_sha256 = candidate.data_sha256().to_owned();
    Ok(Some(HeadComparison { score: score.to_owned(), candidate: own, active: other, data_sha256 }))
}

fn text(answer: &RolloutReport) -> String {
    let RolloutReport { name, rollout } = answer;
    let Some(change) = rollout.changes.last() else { return String::new() };
    let mut text = format!("{name}: {} is in use, {} was", change.version, change.replaced);
    if let Some(judged) = &change.judged {
        text += &format!(" ({} {}, before {})", judged.score, judged.candidate, judged.active);
    }
    text + "\nrunning agents take it when they start again\n"
}
