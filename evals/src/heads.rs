//! The analyst's small models: sentiment on the held-back fifth of `newsmtsc`,
//! topics and summaries on `topics-dev`.
//!
//! `train-heads` writes `shared/heads/models/news-sentiment.json` from the other
//! four fifths; the same data and encoder give the same file. The vectors are
//! kept in a file per encoder in the folder of the data, so that a second run
//! embeds nothing.

mod articles;
pub(crate) mod entities;
mod news;
mod rouge;
mod topics;
mod vectors;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;
use courant_analyst::{Analyzer, Config};
use courant_heads::file::{HeadFile, TrainingData, fold, sha256};
use courant_heads::metrics::{Confusion, calibration_error};
use courant_heads::sentiment::{LABELS, NAME, SHIPPED, SentimentExample, SentimentHead};

use crate::report::Report;
use news::Mention;
use vectors::Vectors;

/// Of as many parts of the sentences one is held back.
const PARTS: u32 = 5;
const BINS: usize = 10;

#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    /// The file to write
    #[arg(long, default_value = "shared/heads/models/news-sentiment.json")]
    out: PathBuf,
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

/// Measures the head that comes with Courant, and the analyst's topics and
/// summaries.
pub(crate) fn run(data: &Path) -> Result<Report> {
    let mut report = Report::default();
    let mut vectors = Vectors::open(data)?;
    if let Some(mentions) = news::read(data)? {
        let head = SentimentHead::from_file(HeadFile::read(SHIPPED, NAME)?)?;
        let hash = &head.file().data.sha256;
        ensure!(*hash == news::sha256(data)?, "the head learned from other data ({hash})");
        let held_back = mentions.into_iter().filter(is_held_back).collect::<Vec<_>>();
        sentiment(&mut report, &head, &scored(&mut vectors, held_back)?);
    }
    if let Some(articles) = articles::read(data)? {
        let analyzer = Analyzer::new(Config::default(), vectors.topics()?)?;
        articles::measure(&mut report, &analyzer, &articles, &mut vectors)?;
    }
    Ok(report)
}

/// Learns the sentiment head from four fifths and measures it on the fifth.
pub(crate) fn train(data: &Path, args: &TrainArgs) -> Result<Report> {
    let mentions = news::read(data)?.context("there is nothing to learn from")?;
    let mut vectors = Vectors::open(data)?;
    let (held_back, seen): (Vec<_>, Vec<_>) = mentions.into_iter().partition(is_held_back);
    let (held_back, seen) = (scored(&mut vectors, held_back)?, scored(&mut vectors, seen)?);
    let training = TrainingData {
        name: "NewsMTSC, train.jsonl".into(),
        sha256: news::sha256(data)?,
        examples: seen.len(),
        held_back: held_back.len(),
    };
    let examples: Vec<SentimentExample> = seen.iter().map(Scored::example).collect();
    let mut head = SentimentHead::train(&examples, vectors.encoder(), training)?;
    let mut report = Report::default();
    let scores = sentiment(&mut report, &head, &held_back);
    head.file_mut().scores.extend(scores.map(|(name, score)| (name.to_owned(), rounded(score))));
    std::fs::write(&args.out, head.file().write())
        .with_context(|| format!("cannot write {}", args.out.display()))?;
    Ok(report)
}

/// Learns topics' facets from labelled lines, from the descriptions on.
pub(crate) fn train_topics(data: &Path, args: &TrainTopicsArgs) -> Result<Report> {
    let lines = std::fs::read_to_string(&args.examples)
        .with_context(|| format!("cannot read {}", args.examples.display()))?;
    let mut vectors = Vectors::open(data)?;
    let mut report = Report::default();
    let file = topics::train(&mut report, &mut vectors, &lines)?;
    std::fs::write(&args.out, file.write())
        .with_context(|| format!("cannot write {}", args.out.display()))?;
    Ok(report)
}

fn is_held_back(mention: &Mention) -> bool {
    fold(&mention.text, 0, PARTS) == 0
}

/// Four digits: more would only say which machine it was.
fn rounded(score: f64) -> f64 {
    (score * 1e4).round() / 1e4
}

/// A mention's text with its sentences' vectors.
struct Scored {
    mention: Mention,
    sentences: Vec<(Vec<f32>, String)>,
}

impl Scored {
    /// What is learned from it: the text with the mean of its sentences' vectors.
    fn example(&self) -> SentimentExample {
        let mut vector = vec![0.0; self.sentences.first().map_or(0, |(vector, _)| vector.len())];
        for (sentence, text) in &self.sentences {
            let words = text.split_whitespace().count() as f32;
            vector.iter_mut().zip(sentence).for_each(|(sum, value)| *sum += words * value);
        }
        let norm = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        if norm > 0.0 {
            vector.iter_mut().for_each(|value| *value /= norm);
        }
        SentimentExample { vector, text: self.mention.text.clone(), class: self.mention.class }
    }
}

fn scored(vectors: &mut Vectors, mentions: Vec<Mention>) -> Result<Vec<Scored>> {
    let texts: Vec<&str> = mentions.iter().map(|mention| mention.text.as_str()).collect();
    let embedded = vectors.of(&texts)?;
    let scored = mentions.into_iter().zip(embedded).map(|(mention, embeddings)| {
        let chars: Vec<char> = mention.text.chars().collect();
        let sentence = |sentence: courant_article::Sentence| {
            let span = sentence.span.start as usize..sentence.span.end as usize;
            let vector = sentence.vector.iter().map(|value| value.to_f32()).collect();
            (vector, chars[span].iter().collect())
        };
        let sentences = embeddings.sentences.into_iter().map(sentence).collect();
        Scored { mention, sentences }
    });
    Ok(scored.collect())
}

/// Judges a head by texts it has not seen: as the analyst scores them.
fn sentiment(
    report: &mut Report,
    head: &SentimentHead,
    texts: &[Scored],
) -> [(&'static str, f64); 4] {
    let mut told = Vec::new();
    for text in texts {
        let parts = text.sentences.iter().map(|(vector, text)| (&vector[..], text.as_str()));
        if let Some(shares) = head.text(parts) {
            let best = (0..3).fold(0, |a, b| if shares[b] > shares[a] { b } else { a });
            told.push((&text.mention, best, f64::from(shares[best])));
        }
    }
    let confusion = |agreed_only: bool| {
        let counted = told.iter().filter(|(mention, ..)| mention.agreed || !agreed_only);
        Confusion::of(LABELS.len(), counted.map(|(mention, best, _)| (mention.class, *best)))
    };
    let confidences: Vec<_> = told
        .iter()
        .map(|(mention, best, confidence)| (*confidence, mention.class == *best))
        .collect();
    let (every, agreed) = (confusion(false), confusion(true));
    let scores = [
        ("macro_f1", every.macro_f1()),
        ("macro_f1_where_mentions_agree", agreed.macro_f1()),
        ("accuracy", every.accuracy()),
        ("calibration_error", calibration_error(&confidences, BINS)),
    ];
    report.judge("newsmtsc, held-back fifth, macro-F1", every.macro_f1(), 0.67, 0.74);
    report.state("  without sentences whose mentions fare differently", agreed.macro_f1());
    report.state("  accuracy", every.accuracy());
    report.state("  expected calibration error, 10 bins", scores[3].1);
    report.state("  texts", told.len() as f64);
    scores
}
