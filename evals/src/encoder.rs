//! Measures the encoder's precisions: the agreement of its cosines with people who score pairs of
//! sentences (STS benchmark, development split), and the nearness of int8 to fp32.

use std::path::Path;

use anyhow::ensure;
use courant_article::{Embedding, TextKind};
use courant_heads::metrics::spearman;
use courant_inference::{Config, Deps, FrozenEncoder, Precision, PrecisionChoice};

use crate::report::Report;

/// Pairs of English sentences, with the scores that people gave them.
struct Pairs {
    left: Vec<String>,
    right: Vec<String>,
    scores: Vec<f64>,
}

pub(crate) fn measure(data: &Path) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let file = data.join("stsb-dev/stsb-en-dev.csv");
    if !file.exists() {
        println!("SKIPPED: {} is absent", file.display());
        return Ok(report);
    }
    let pairs = read(&file)?;
    let fp32 = vectors(&pairs, Precision::Fp32)?;
    let int8 = vectors(&pairs, Precision::Int8)?;
    let reference = spearman(&cosines(&fp32), &pairs.scores);
    let share = spearman(&cosines(&int8), &pairs.scores) / reference;
    let both = |vectors: &Vectors| vectors.0.iter().chain(&vectors.1).cloned().collect::<Vec<_>>();
    let near: Vec<f64> =
        both(&fp32).iter().zip(&both(&int8)).map(|(a, b)| f64::from(a.cosine(b))).collect();
    report.state("STS-B dev, fp32: Spearman", reference);
    report.judge("STS-B dev, int8: Spearman, share of fp32's", share, 0.995, 0.995);
    let mean = near.iter().sum::<f64>() / near.len() as f64;
    report.judge("STS-B dev, int8: mean cosine with fp32", mean, 0.99, 0.99);
    report.state("STS-B dev, int8: least cosine with fp32", near.into_iter().fold(1.0, f64::min));
    Ok(report)
}

fn read(file: &Path) -> anyhow::Result<Pairs> {
    let mut rows = csv::ReaderBuilder::new().has_headers(false).from_path(file)?;
    let mut pairs = Pairs { left: Vec::new(), right: Vec::new(), scores: Vec::new() };
    for row in rows.deserialize() {
        let (left, right, score): (String, String, f64) = row?;
        pairs.left.push(left);
        pairs.right.push(right);
        pairs.scores.push(score);
    }
    ensure!(pairs.scores.len() > 1_000, "{} has {} pairs", file.display(), pairs.scores.len());
    Ok(pairs)
}

/// The encoder that the environment variable `COURANT__INFERENCE__MODEL` names, as it does for
/// every process of Courant, else the default one.
pub(crate) fn config(precision: impl Into<PrecisionChoice>) -> Config {
    let default = Config::default();
    let model = std::env::var("COURANT__INFERENCE__MODEL").unwrap_or(default.model.clone());
    Config { model, precision: precision.into(), ..default }
}

/// The vectors of the left and of the right sentences.
struct Vectors(Vec<Embedding>, Vec<Embedding>);

fn vectors(pairs: &Pairs, precision: Precision) -> anyhow::Result<Vectors> {
    let encoder = FrozenEncoder::load(&config(precision), &Deps::resolve())?;
    let side = |texts: &[String]| encoder.vectors(texts.to_vec(), TextKind::Query);
    Ok(Vectors(side(&pairs.left)?, side(&pairs.right)?))
}

fn cosines(Vectors(left, right): &Vectors) -> Vec<f64> {
    left.iter().zip(right).map(|(a, b)| f64::from(a.cosine(b))).collect()
}
