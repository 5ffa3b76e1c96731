//! The encoder's precisions: how well its cosines rank pairs of sentences as people
//! do (STS benchmark, development split), and how near int8 is to fp32.

use std::path::Path;

use anyhow::{Context, ensure};
use courant_article::Embedding;
use courant_gpu_utils::Config as GpuConfig;
use courant_inference::{Config, Deps, Encoder, Precision, Priority};
use tokio::runtime::Runtime;

use crate::report::Report;

/// Pairs of English sentences with the score that people gave them.
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
    let runtime = Runtime::new().context("cannot start the runtime")?;
    let fp32 = vectors(&runtime, &pairs, Precision::Fp32)?;
    let int8 = vectors(&runtime, &pairs, Precision::Int8)?;
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

/// Of the left and the right sentences.
struct Vectors(Vec<Embedding>, Vec<Embedding>);

fn vectors(runtime: &Runtime, pairs: &Pairs, precision: Precision) -> anyhow::Result<Vectors> {
    let config = Config { precision, ..Config::default() };
    let meter = opentelemetry::global::meter("courant-eval");
    let encoder = Encoder::load(&config, &GpuConfig::default(), &Deps::resolve(), &meter)?;
    let embed = |texts: &[String]| runtime.block_on(encoder.embed(texts.to_vec(), Priority::Bulk));
    Ok(Vectors(embed(&pairs.left)?, embed(&pairs.right)?))
}

fn cosines(Vectors(left, right): &Vectors) -> Vec<f64> {
    left.iter().zip(right).map(|(a, b)| f64::from(a.cosine(b))).collect()
}

/// Spearman's rank correlation; equal values share the mean of their ranks.
fn spearman(a: &[f64], b: &[f64]) -> f64 {
    pearson(&ranks(a), &ranks(b))
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut place = 0;
    for group in order.chunk_by(|&a, &b| values[a] == values[b]) {
        for &index in group {
            ranks[index] = place as f64 + (group.len() - 1) as f64 / 2.0;
        }
        place += group.len();
    }
    ranks
}

fn pearson(a: &[f64], b: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut both, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        both += (x - mean_a) * (y - mean_b);
        of_a += (x - mean_a).powi(2);
        of_b += (y - mean_b).powi(2);
    }
    both / (of_a * of_b).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_their_rank() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [2.5, 0.0, 2.5, 1.0]);
    }

    #[test]
    fn only_the_order_counts() {
        assert!((spearman(&[1.0, 2.0, 30.0], &[0.1, 0.2, 0.3]) - 1.0).abs() < 1e-12);
        assert!((spearman(&[1.0, 2.0, 30.0], &[3.0, 2.0, 1.0]) + 1.0).abs() < 1e-12);
    }
}
