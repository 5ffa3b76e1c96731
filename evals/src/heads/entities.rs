//! `courant-eval entities`: measures the head for names on texts that it was not trained on.
//!
//! A fifth of each set's sentences is held back, in whole documents: those with the lowest SHA-256
//! of their text. A name is right if its kind, its first and its last character are right.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use courant_heads::entities::{EntityHead, EntityPassage, NamedSpan, Provenance, learn};
use courant_inference::{FrozenEncoder, Precision};

use super::TrainEntitiesArgs;

use super::vectors::{frozen, in_both_precisions};
use crate::report::Report;

mod conll;
mod score;
mod uner;

use conll::NamedSentence;
use score::SpanTotals;

/// The goals of exact-span F1.
const AT_LEAST: f64 = 0.58;
const AIM: f64 = 0.68;

/// The sets, their files, and true if two adjacent names of one kind look like one name.
const SETS: [(&str, &str, bool); 2] =
    [("wikigold", "wikigold.conll.txt", true), ("wnut17", "wnut17train.conll", false)];

/// Measures the head in the repository, with vectors from the encoder as for articles.
///
/// # Errors
/// Fails if the sets, the runtime library or the encoder cannot be read.
pub(crate) fn run(data: &Path, misses: bool) -> anyhow::Result<Report> {
    let folder = data.join("ner");
    if !folder.is_dir() {
        println!("SKIPPED: ner is not at {}", folder.display());
        return Ok(Report::default());
    }
    let (held_back, training) = split(&read(&folder)?);
    let hash = &EntityHead::embedded().provenance().data_sha256;
    ensure!(*hash == conll::sha256(&training), "the head learned from other data ({hash})");
    in_both_precisions(|precision| measure(&held_back, precision, misses))
}

/// Measures the names in the development sets of `uner`. In Chinese, a name is a run of
/// characters.
fn measure_languages(
    report: &mut Report,
    data: &Path,
    head: &EntityHead,
    encoder: &FrozenEncoder,
) -> anyhow::Result<()> {
    let texts = uner::sample(&uner::read(&data.join("uner"), "dev")?, JUDGING, JUDGING);
    let mut all = SpanTotals::default();
    for (set, _) in uner::SETS {
        let mut counts = SpanTotals::default();
        for text in texts.iter().filter(|text| text.set == set) {
            let found = head.names(&text.text, &encoder.word_states(&text.text)?.states)?;
            counts.add(text, &found, false);
            all.add(text, &found, false);
        }
        match set {
            "uner zh" => report.judge(format!("{set} dev: exact-span F1"), counts.f1(), 0.6, 0.72),
            _ => report.state(format!("{set} dev: exact-span F1"), counts.f1()),
        }
    }
    report.judge("uner dev, weighted by names: exact-span F1", all.f1(), 0.8, 0.86);
    Ok(())
}

fn measure(
    held_back: &[NamedSentence],
    precision: Precision,
    misses: bool,
) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let encoder = frozen(precision)?;
    let texts: Vec<&str> = held_back.iter().map(|text| text.text.as_str()).collect();
    let mut counts = SpanTotals::default();
    for (text, embedded) in held_back.iter().zip(encoder.documents(&texts)?) {
        let found = embedded.entities.map_err(anyhow::Error::msg)?.entities;
        let found: Vec<NamedSpan> = found.iter().map(|name| (name.kind, name.span)).collect();
        counts.add(text, &found, misses);
    }
    counts.report(&mut report, AT_LEAST, AIM);
    let share = time_share(held_back, &encoder)?;
    report.state("time of the head, as a share of the encoder's", share);
    let bytes = EntityHead::embedded().to_bytes().len();
    report.state("size of the head, KB", bytes as f64 / 1000.0);
    Ok(report)
}

/// Sentences of each language of `uner` that a head learns from: with names, and without.
const NAMED: usize = 800;
const OTHERS: usize = 200;
/// Sentences of each language that judge, of either kind.
const JUDGING: usize = 250;

/// The sentences of `uner` that the head learns from.
fn languages(data: &Path) -> anyhow::Result<Vec<NamedSentence>> {
    Ok(uner::sample(&uner::read(&data.join("uner"), "train")?, NAMED, OTHERS))
}

/// Trains the head on the sentences that are not held back, and writes it. With `languages`, it
/// also learns from `uner`. The same data, encoder and machine give the same bytes.
///
/// # Errors
/// Fails if the sets or the encoder cannot be read, or the file cannot be written.
pub(crate) fn train(data: &Path, args: &TrainEntitiesArgs) -> anyhow::Result<Report> {
    let (held_back, mut training) = split(&read(&data.join("ner"))?);
    if args.languages {
        training.extend(languages(data)?);
    }
    let encoder = frozen(args.precision.get())?;
    let passages = |texts: &[NamedSentence]| -> anyhow::Result<Vec<EntityPassage>> {
        let passage = |text: &NamedSentence| {
            let states = encoder.word_states(&text.text)?.states;
            Ok(EntityPassage::new(text.text.clone(), text.names.clone(), states))
        };
        texts.iter().map(passage).collect()
    };
    let provenance = Provenance {
        encoder: encoder.model().name.clone(),
        data_sha256: conll::sha256(&training),
        texts: training.len(),
        f1: None,
    };
    let (seen, judging) = (passages(&training)?, passages(&held_back)?);
    let start = Instant::now();
    let head = learn(seen, &judging, provenance)?;
    let seconds = start.elapsed().as_secs_f64();
    let mut counts = SpanTotals::default();
    for text in &held_back {
        let states = encoder.word_states(&text.text)?.states;
        counts.add(text, &head.names(&text.text, &states)?, false);
    }
    std::fs::write(&args.out, head.to_bytes())
        .with_context(|| format!("cannot write {}", args.out.display()))?;
    let mut report = Report::default();
    counts.report(&mut report, AT_LEAST, AIM);
    if args.languages {
        measure_languages(&mut report, data, &head, &encoder)?;
    }
    report.state("seconds of training", seconds);
    Ok(report)
}

fn read(folder: &Path) -> anyhow::Result<Vec<NamedSentence>> {
    let mut texts = Vec::new();
    for (set, file, joins) in SETS {
        let path = folder.join(file);
        let content = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        texts.extend(conll::parse(set, &content, joins)?);
    }
    Ok(texts)
}

/// Returns the sentences that are held back, and the rest.
fn split(texts: &[NamedSentence]) -> (Vec<NamedSentence>, Vec<NamedSentence>) {
    let mut held_back = Vec::new();
    let mut rest = Vec::new();
    for (set, ..) in SETS {
        let mut own: Vec<NamedSentence> =
            texts.iter().filter(|text| text.set == set).cloned().collect();
        own.sort_by(|a, b| a.document_sha256.cmp(&b.document_sha256));
        let fifth = own.len() / 5;
        let document = own.get(fifth).map(|text| text.document_sha256.clone());
        let end = own.partition_point(|text| Some(&text.document_sha256) <= document.as_ref());
        rest.extend(own.split_off(end));
        held_back.extend(own);
    }
    (held_back, rest)
}

/// Returns the time of the head divided by the time of the rest of the encoder's work.
fn time_share(texts: &[NamedSentence], encoder: &FrozenEncoder) -> anyhow::Result<f64> {
    let (mut encoding, mut tagging) = (Duration::ZERO, Duration::ZERO);
    for text in texts {
        let start = Instant::now();
        let states = encoder.word_states(&text.text)?.states;
        encoding += start.elapsed();
        let start = Instant::now();
        EntityHead::embedded().names(&text.text, &states)?;
        tagging += start.elapsed();
    }
    Ok(tagging.as_secs_f64() / encoding.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_is_held_back_and_no_document_is_on_both_sides() {
        let document = |at: usize| NamedSentence {
            set: "wikigold",
            text: String::new(),
            names: Vec::new(),
            document_sha256: format!("{:02}", at / 4),
        };
        let texts: Vec<NamedSentence> = (0..100).map(document).collect();
        let (held_back, rest) = split(&texts);
        assert_eq!((held_back.len(), rest.len()), (24, 76), "the document of the fifth, whole");
        assert!(held_back.iter().all(|text| text.document_sha256 < rest[0].document_sha256));
    }
}
