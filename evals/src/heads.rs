//! Measures the analyst's small models: the language of `newsmtsc`'s sentences, the sentiment of
//! its held-back fifth, and topics and summaries on `topics-dev`.
//!
//! `train-heads` trains `shared/heads/models/news-sentiment.json` on the other four fifths. The
//! same data and encoder give the same file. The vectors are cached in one file per encoder in
//! the data folder, so that a second run embeds nothing.

mod articles;
pub(crate) mod entities;
mod news;
mod rouge;
mod topics;
mod vectors;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;
use courant_analyst::{Analyzer, Config};
use courant_heads::file::{HeadFile, TrainingData, fold, sha256};
use courant_heads::metrics::{Prediction, classification, scores};
use courant_heads::sentiment::{LABELS, NAME, SentimentHead, SentimentPassage, shipped};
use courant_inference::Precision;

use crate::report::Report;
use news::Mention;
pub(crate) use vectors::VectorCache;
use vectors::in_both_precisions;
pub(crate) use vectors::topics_of;

/// The number of parts of the sentences; one part is held back.
const PARTS: u32 = 5;

#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    /// The file to write
    #[arg(long, default_value = "shared/heads/models/news-sentiment.json")]
    out: PathBuf,
    #[command(flatten)]
    precision: TrainingPrecision,
}

/// The precision of the vectors that a head learns from.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct TrainingPrecision {
    /// Learns from vectors of int8, in which the multilingual encoder runs
    #[arg(long)]
    int8: bool,
}

impl TrainingPrecision {
    fn get(self) -> Precision {
        if self.int8 { Precision::Int8 } else { Precision::Fp32 }
    }
}

#[derive(Debug, Args)]
pub(crate) struct TrainEntitiesArgs {
    /// The file to write
    #[arg(long, value_name = "FILE", default_value = "shared/heads/models/entities.head")]
    out: PathBuf,
    /// Learns from the languages of uner, too
    #[arg(long)]
    languages: bool,
    #[command(flatten)]
    precision: TrainingPrecision,
}

#[derive(Debug, Args)]
pub(crate) struct TrainTopicsArgs {
    /// Labelled lines: {"text" or "vector", "topic": "medtop:04000000"}
    #[arg(long, value_name = "FILE")]
    examples: PathBuf,
    /// The file to write
    #[arg(long)]
    out: PathBuf,
}

/// Measures the built-in sentiment head, and the analyst's topics and summaries.
pub(crate) fn run(data: &Path) -> Result<Report> {
    in_both_precisions(|precision| measure(data, precision))
}

fn measure(data: &Path, precision: Precision) -> Result<Report> {
    let mut report = Report::default();
    let mut vectors = VectorCache::open(data, precision)?;
    let analyzer = Analyzer::new(Config::default(), vectors.topics()?)?;
    if let Some(mentions) = news::read(data)? {
        languages(&mut report, &analyzer, &mentions);
        let head =
            SentimentHead::from_file(HeadFile::read(shipped(&vectors.encoder().name), NAME)?)?;
        let hash = &head.file().data.sha256;
        ensure!(*hash == news::sha256(data)?, "the head learned from other data ({hash})");
        let held_back = mentions.into_iter().filter(is_held_back).collect::<Vec<_>>();
        let passages = passages(&mut vectors, &held_back)?;
        sentiment(&mut report, &head, &held_back, &passages);
    }
    if let Some(articles) = articles::read(data)? {
        articles::measure(&mut report, &analyzer, &articles, &mut vectors)?;
    }
    Ok(report)
}

/// Trains the sentiment head on four fifths and measures it on the other fifth.
pub(crate) fn train(data: &Path, args: &TrainArgs) -> Result<Report> {
    let mentions = news::read(data)?.context("there is nothing to learn from")?;
    let mut vectors = VectorCache::open(data, args.precision.get())?;
    let (held_back, seen): (Vec<_>, Vec<_>) = mentions.into_iter().partition(is_held_back);
    let judging = passages(&mut vectors, &held_back)?;
    let seen = passages(&mut vectors, &seen)?;
    let training = TrainingData {
        name: "NewsMTSC, train.jsonl".into(),
        sha256: news::sha256(data)?,
        examples: seen.len(),
        held_back: held_back.len(),
    };
    let mut head = SentimentHead::learn(&seen, &judging, vectors.encoder(), training)?;
    let mut report = Report::default();
    let agreed = sentiment(&mut report, &head, &held_back, &judging);
    head.file_mut().scores.extend(scores([("macro_f1_where_mentions_agree", agreed)]));
    std::fs::write(&args.out, head.file().write())
        .with_context(|| format!("cannot write {}", args.out.display()))?;
    Ok(report)
}

/// Trains the facets of topics on labelled lines, starting from the topics' descriptions.
pub(crate) fn train_topics(data: &Path, args: &TrainTopicsArgs) -> Result<Report> {
    let lines = std::fs::read_to_string(&args.examples)
        .with_context(|| format!("cannot read {}", args.examples.display()))?;
    let mut vectors = VectorCache::open(data, Precision::Fp32)?;
    let mut report = Report::default();
    let file = topics::train(&mut report, &mut vectors, &lines)?;
    std::fs::write(&args.out, file.write())
        .with_context(|| format!("cannot write {}", args.out.display()))?;
    Ok(report)
}

fn is_held_back(mention: &Mention) -> bool {
    fold(&mention.text, 0, PARTS) == 0
}

/// Returns the texts of mentions with the vectors of their sentences.
fn passages(vectors: &mut VectorCache, mentions: &[Mention]) -> Result<Vec<SentimentPassage>> {
    let texts: Vec<&str> = mentions.iter().map(|mention| mention.text.as_str()).collect();
    let embedded = vectors.of(&texts)?;
    let passage = |(mention, embeddings): (&Mention, _)| {
        SentimentPassage::new(&mention.text, mention.class, &embeddings)
    };
    Ok(mentions.iter().zip(embedded).map(passage).collect())
}

/// Measures the language of sentences, which is hard to detect because they are short.
fn languages(report: &mut Report, analyzer: &Analyzer, mentions: &[Mention]) {
    let sentences: HashSet<&str> = mentions.iter().map(|mention| mention.text.as_str()).collect();
    let languages: Vec<_> =
        sentences.iter().map(|text| analyzer.language("", text, None)).collect();
    let share = |wanted: fn(&&str) -> bool| {
        let found = languages.iter().flatten().filter(|code| wanted(code)).count();
        found as f64 / languages.len() as f64
    };
    report.judge("newsmtsc, sentences told to be English", share(|code| *code == "en"), 0.97, 0.99);
    report.state("  told to be something else", share(|code| *code != "en"));
}

/// Measures a head on texts that it was not trained on, scored as the analyst does. Returns the
/// macro-F1 of the sentences whose mentions all have the same class.
fn sentiment(
    report: &mut Report,
    head: &SentimentHead,
    mentions: &[Mention],
    passages: &[SentimentPassage],
) -> f64 {
    let told = head.judge(passages);
    let every: Vec<Prediction> = told.iter().copied().flatten().collect();
    let alike = told.iter().zip(mentions).filter(|(_, mention)| mention.agreed);
    let alike: Vec<Prediction> = alike.filter_map(|(told, _)| *told).collect();
    let (all, agreed) =
        (classification(LABELS.len(), &every), classification(LABELS.len(), &alike));
    report.judge("newsmtsc, held-back fifth, macro-F1", all["macro_f1"], 0.67, 0.74);
    report.state("  without sentences whose mentions fare differently", agreed["macro_f1"]);
    report.state("  accuracy", all["accuracy"]);
    report.state("  expected calibration error, 10 bins", all["calibration_error"]);
    report.state("  texts", every.len() as f64);
    agreed["macro_f1"]
}
