//! `courant models evaluate`: measures an encoder or a head on labelled texts.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Args;
use courant_article::TextKind;
use courant_heads::file::sha256;
use courant_heads::labelled::{self, PairLine};
use courant_heads::metrics::{Scores, scores, spearman};
use courant_heads::{Head, HeadTask};
use courant_inference::{Config as EncoderConfig, Deps, FrozenEncoder, Precision, catalog};
use serde::Serialize;

use super::labelled::{LabelledFile, content};
use super::setup::{Loaded, Setup};
use super::shelf;

pub(super) const HELP: &str = "\
MODEL is one of
  news-sentiment, iptc-topics, entities    the head in use
  news-sentiment@486a7ac959cb              a kept version, or @built-in
  head.json                                a head's file
  all-MiniLM-L6-v2, all-MiniLM-L6-v2@int8  an encoder, in its configured or another precision
Heads are measured on lines as `courant models train --help` shows them: on all, or, of the
file that the head learned from, on the fifth that was held back. Encoders are measured on
  {\"sentence1\": \"…\", \"sentence2\": \"…\", \"score\": 4.2}

Example:
  courant models evaluate news-sentiment --data labelled.jsonl --at-least 0.65";

#[derive(Debug, Args)]
pub(super) struct EvaluateArgs {
    /// An encoder, a head or a head's file
    model: String,
    /// The labelled texts
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Fail below this macro-F1 (sentiment), accuracy (topics), F1 (entities) or rank
    /// correlation (encoders)
    #[arg(long, value_name = "SCORE")]
    at_least: Option<f64>,
    #[command(flatten)]
    setup: Setup,
}

#[derive(Serialize)]
struct Evaluated {
    model: String,
    data_sha256: String,
    texts: usize,
    /// The score that `--at-least` is compared with.
    deciding: &'static str,
    scores: Scores,
}

/// A model that can be evaluated.
enum Subject {
    Encoder(Box<EncoderConfig>),
    /// A head; `None` stands for the topics' untrained descriptions.
    Head(HeadTask, Option<Box<Head>>),
}

pub(super) fn run(args: &EvaluateArgs) -> anyhow::Result<()> {
    let loaded = args.setup.load()?;
    let evaluated = match subject(&args.model, &loaded)? {
        Subject::Encoder(config) => encoder(&config, &args.data)?,
        Subject::Head(task, head) => of_head(task, head.as_deref(), &args.data, &loaded)?,
    };
    args.setup.show(&evaluated, text)?;
    let deciding = evaluated.deciding;
    match (args.at_least, evaluated.scores.get(deciding)) {
        (Some(least), Some(score)) if score < &least => {
            bail!("{deciding} is {score}, less than {least}")
        }
        (Some(_), None) => bail!("{deciding} could not be measured"),
        _ => Ok(()),
    }
}

fn subject(model: &str, loaded: &Loaded) -> anyhow::Result<Subject> {
    let (name, version) = model.split_once('@').map_or((model, None), |(n, v)| (n, Some(v)));
    if let Some(task) = HeadTask::of_head(name) {
        return Ok(Subject::Head(task, head(task, version, loaded)?.map(Box::new)));
    }
    if let Some(config) = encoder_config(model, loaded)? {
        return Ok(Subject::Encoder(Box::new(config)));
    }
    ensure!(Path::new(model).is_file(), "there is no encoder, head or file called {model:?}");
    let head = shelf::read(Path::new(model))?;
    Ok(Subject::Head(head.task(), Some(Box::new(head))))
}

/// Returns the head of a version, or the head in use if no version is given.
fn head(task: HeadTask, version: Option<&str>, loaded: &Loaded) -> anyhow::Result<Option<Head>> {
    match version {
        None => loaded.active(task),
        Some("built-in") => Ok(Head::built_in(task, loaded.encoder_name())),
        Some(version) => Ok(Some(loaded.registry(task).read(task, version)?)),
    }
}

/// Returns the configuration of a listed encoder, which is named `NAME[@PRECISION]`.
fn encoder_config(model: &str, loaded: &Loaded) -> anyhow::Result<Option<EncoderConfig>> {
    for listed in catalog::listed(&loaded.encoder, &Deps::resolve()) {
        let precision = match model.strip_prefix(&listed.model) {
            Some("") => None,
            Some(rest) if rest.starts_with('@') => Some(&rest[1..]),
            _ => continue,
        };
        let found = listed.encoders.with_context(|| listed.model.clone())?;
        let configured = catalog::precision_on_cpu(&loaded.encoder, &Deps::resolve());
        let configured = configured.unwrap_or(Precision::Fp32);
        let wanted = precision.unwrap_or(configured.name());
        let fits = |info: &&catalog::EncoderInfo| {
            info.precision.name() == wanted || precision.is_none() && found.len() == 1
        };
        let info = found.iter().find(fits);
        let info = info.with_context(|| format!("{} has no precision {wanted}", listed.model))?;
        return Ok(Some(loaded.encoder_of(&listed.model, info)));
    }
    Ok(None)
}

fn of_head(
    task: HeadTask,
    head: Option<&Head>,
    data: &Path,
    loaded: &Loaded,
) -> anyhow::Result<Evaluated> {
    let labelled = LabelledFile::read(data, task)?;
    let data_sha256 = labelled.sha256.clone();
    let lines = labelled.judging(head);
    let encoder = loaded.load_encoder()?;
    let scores = lines.embed(&encoder)?.scores(head, &encoder)?;
    let untrained = || format!("{}@{}", task.head_name(), shelf::UNTRAINED);
    Ok(Evaluated {
        model: head.map_or_else(untrained, Head::to_string),
        data_sha256,
        texts: lines.len(),
        deciding: task.deciding_score(),
        scores,
    })
}

/// Compares the order of text pairs by the encoder's cosines with the order by people.
fn encoder(config: &EncoderConfig, data: &Path) -> anyhow::Result<Evaluated> {
    let content = content(data)?;
    let pairs: Vec<PairLine> =
        labelled::read(&content).with_context(|| data.display().to_string())?;
    ensure!(pairs.len() > 1, "{} holds {} pairs, 2 are needed", data.display(), pairs.len());
    let encoder =
        FrozenEncoder::load(config, &Deps::resolve()).context("cannot load the encoder")?;
    let side = |side: fn(&PairLine) -> &String| {
        encoder.vectors(pairs.iter().map(|pair| side(pair).clone()).collect(), TextKind::Query)
    };
    let (left, right) = (side(|pair| &pair.sentence1)?, side(|pair| &pair.sentence2)?);
    let cosines: Vec<f64> =
        left.iter().zip(&right).map(|(left, right)| f64::from(left.cosine(right))).collect();
    let people: Vec<f64> = pairs.iter().map(|pair| pair.score).collect();
    let model = encoder.model();
    Ok(Evaluated {
        model: format!("{}@{} {}", model.name, model.precision, model.version),
        data_sha256: sha256(content.as_bytes()),
        texts: pairs.len(),
        deciding: "spearman",
        scores: scores([("spearman", spearman(&cosines, &people))]),
    })
}

fn text(evaluated: &Evaluated) -> String {
    let mut text = format!("{} on {} texts\n", evaluated.model, evaluated.texts);
    for (name, score) in &evaluated.scores {
        text += &format!("{name:<18} {score}\n");
    }
    text
}
