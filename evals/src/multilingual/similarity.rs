//! Similarity of sentences within languages and across them, and translations among sentences.

use std::path::Path;

use anyhow::{Context, Result};
use courant_article::{Embedding, Embeddings, TextKind};
use courant_heads::metrics::spearman;
use courant_inference::{Deps, FrozenEncoder, PrecisionChoice};

use super::texts::{LanguageTexts, read};
use crate::encoder;
use crate::heads::VectorCache;
use crate::report::Report;

/// The languages of `stsb-multi` beside English.
const LANGUAGES: [&str; 10] = ["de", "es", "fr", "it", "nl", "pl", "pt", "ru", "zh", "ja"];

/// The pairs of one language, in the order of all.
struct Pairs {
    left: Vec<Embedding>,
    right: Vec<Embedding>,
    scores: Vec<f64>,
}

/// Compares the cosines of pairs with the scores of people.
pub(super) fn measure(report: &mut Report, data: &Path, most: usize) -> Result<()> {
    let folder = data.join("stsb-multi");
    if !folder.is_dir() {
        println!("SKIPPED: stsb-multi is not at {}", folder.display());
        return Ok(());
    }
    let frozen = FrozenEncoder::load(&encoder::config(PrecisionChoice::Auto), &Deps::resolve())?;
    let english = pairs(&frozen, &folder, "en", most)?;
    let (mut within, mut across) = (0.0, 0.0);
    for language in LANGUAGES {
        let own = pairs(&frozen, &folder, language, most)?;
        within += agreement(&own.left, &own.right, &own.scores);
        across += agreement(&english.left, &own.right, &own.scores);
    }
    let count = LANGUAGES.len() as f64;
    let own = agreement(&english.left, &english.right, &english.scores);
    report.judge("STS-B dev, English: Spearman", own, 0.865, 0.87);
    report.judge("STS-B dev, mean of ten languages: Spearman", within / count, 0.815, 0.83);
    report.judge("STS-B dev, English to each of the ten: Spearman", across / count, 0.72, 0.75);
    Ok(())
}

fn pairs(encoder: &FrozenEncoder, folder: &Path, language: &str, most: usize) -> Result<Pairs> {
    let file = folder.join(format!("stsb-{language}-dev.csv"));
    let mut rows = csv::ReaderBuilder::new().has_headers(false).from_path(&file)?;
    let rows: Vec<(String, String, f64)> = rows
        .deserialize()
        .take(most)
        .collect::<Result<_, _>>()
        .with_context(|| file.display().to_string())?;
    let side = |side: fn(&(String, String, f64)) -> &String| {
        encoder.vectors(rows.iter().map(|row| side(row).clone()).collect(), TextKind::Query)
    };
    let (left, right) = (side(|row| &row.0)?, side(|row| &row.1)?);
    Ok(Pairs { left, right, scores: rows.iter().map(|row| row.2).collect() })
}

fn agreement(left: &[Embedding], right: &[Embedding], scores: &[f64]) -> f64 {
    let cosines: Vec<f64> = left.iter().zip(right).map(|(a, b)| f64::from(a.cosine(b))).collect();
    spearman(&cosines, scores)
}

/// Measures how often a sentence's nearest neighbour among those of another language is its
/// translation.
pub(super) fn measure_translations(
    report: &mut Report,
    vectors: &mut VectorCache,
    data: &Path,
    most: usize,
) -> Result<()> {
    let sets = read(data, "sib200", most)?;
    let mut embedded: Vec<(&str, Vec<Embeddings>)> = Vec::new();
    for LanguageTexts { language, texts } in &sets {
        let texts: Vec<&str> = texts.iter().map(|text| text.text.trim()).collect();
        embedded.push((language, vectors.of(&texts)?));
    }
    let Some((_, english)) = embedded.iter().find(|(language, _)| *language == "en") else {
        return Ok(());
    };
    let others: Vec<_> = embedded.iter().filter(|(language, _)| *language != "en").collect();
    let mut sum = 0.0;
    for (language, sentences) in &others {
        let found = (0..english.len()).filter(|at| nearest(&english[*at], sentences) == Some(*at));
        let share = found.count() as f64 / english.len() as f64;
        report.state(format!("sib200 en to {language}: translation found first"), share);
        sum += share;
    }
    let mean = sum / others.len() as f64;
    report.judge("sib200: translation found first, mean of its languages", mean, 0.95, 0.99);
    Ok(())
}

fn nearest(text: &Embeddings, among: &[Embeddings]) -> Option<usize> {
    let cosine = |other: &Embeddings| text.vector.cosine(&other.vector);
    (0..among.len()).max_by(|a, b| cosine(&among[*a]).total_cmp(&cosine(&among[*b])))
}
