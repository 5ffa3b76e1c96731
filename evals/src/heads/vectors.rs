//! Caches the vectors of texts in a file. They are the same as those of the embedder.
//!
//! The file has one record per text: its SHA-256, the number of its sentences, its vector in
//! little-endian `f32`, and for each sentence its span (two `u32`) and its vector in `f16`. The
//! file's name has the encoder and its version.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use courant_analyst::Topics;
use courant_article::{Embedding, Embeddings, ModelRef, Sentence, Span, TextKind};
use courant_heads::file::EncoderRef;
use courant_inference::{Deps, FrozenEncoder, Precision, PrecisionChoice};
use half::f16;
use sha2::{Digest, Sha256};

use crate::report::Report;

/// The number of texts that are embedded before their vectors are written.
const AT_ONCE: usize = 64;

type Key = [u8; 32];

pub(crate) struct VectorCache {
    encoder: FrozenEncoder,
    known: HashMap<Key, Embeddings>,
    file: File,
}

impl VectorCache {
    /// Loads the default encoder and the vectors that an earlier run computed with it.
    pub(crate) fn open(data: &Path, precision: impl Into<PrecisionChoice>) -> Result<Self> {
        let encoder = frozen(precision)?;
        let model = encoder.model().clone();
        let path = data.join(format!("vectors-{}-{}.bin", model.name, model.version));
        let mut bytes = Vec::new();
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .with_context(|| format!("cannot keep vectors in {}", path.display()))?;
        file.read_to_end(&mut bytes)?;
        let (known, whole) = read(&bytes, encoder.reference().dimension, &model);
        // An interrupted run may leave an incomplete record.
        file.set_len(whole as u64)?;
        Ok(Self { encoder, known, file })
    }

    /// Returns the encoder in the form that heads record.
    pub(crate) fn encoder(&self) -> EncoderRef {
        self.encoder.reference()
    }

    /// Returns the vectors of the topics' descriptions.
    pub(crate) fn definitions(&self) -> Result<Vec<Embedding>> {
        definitions(&self.encoder)
    }

    /// Returns the topics with the vectors of their descriptions.
    pub(crate) fn topics(&self) -> Result<Topics> {
        topics_of(&self.encoder)
    }

    /// Returns the embeddings of texts, in their order.
    pub(crate) fn of(&mut self, texts: &[&str]) -> Result<Vec<Embeddings>> {
        let mut missing: Vec<String> = texts
            .iter()
            .filter(|text| !self.known.contains_key(&key(text)))
            .map(|text| (*text).to_owned())
            .collect();
        missing.sort();
        missing.dedup();
        if !missing.is_empty() {
            eprintln!("embedding {} texts", missing.len());
        }
        for texts in missing.chunks(AT_ONCE) {
            self.embed(texts)?;
        }
        Ok(texts.iter().map(|text| self.known[&key(text)].clone()).collect())
    }

    fn embed(&mut self, texts: &[String]) -> Result<()> {
        let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
        let found = self.encoder.documents(&borrowed)?;
        for (key, embeddings) in texts.iter().map(|text| key(text)).zip(found) {
            self.file.write_all(&record(&key, &embeddings))?;
            self.known.insert(key, embeddings);
        }
        Ok(())
    }
}

/// Loads the default encoder in one precision.
pub(super) fn frozen(precision: impl Into<PrecisionChoice>) -> Result<FrozenEncoder> {
    FrozenEncoder::load(&crate::encoder::config(precision), &Deps::resolve())
        .context("cannot load the encoder")
}

/// Measures in fp32 and then in int8, which may be half a point worse. int8 is measured only on a
/// CPU that multiplies bytes exactly.
pub(super) fn in_both_precisions(
    mut measure: impl FnMut(Precision) -> Result<Report>,
) -> Result<Report> {
    let mut report = measure(Precision::Fp32)?;
    match frozen(Precision::Int8) {
        Ok(_) => report.compare(&measure(Precision::Int8)?, "int8", 0.005),
        Err(error) => println!("SKIPPED: int8: {error:#}"),
    }
    Ok(report)
}

/// Returns the topics with the vectors that `encoder` gives their descriptions.
pub(crate) fn topics_of(encoder: &FrozenEncoder) -> Result<Topics> {
    Ok(Topics::new(encoder.model().clone(), &definitions(encoder)?)?)
}

fn definitions(encoder: &FrozenEncoder) -> Result<Vec<Embedding>> {
    let texts = Topics::definitions().map(ToOwned::to_owned).collect();
    Ok(encoder.vectors(texts, TextKind::Document)?)
}

fn key(text: &str) -> Key {
    Sha256::digest(text).into()
}

fn record(key: &Key, embeddings: &Embeddings) -> Vec<u8> {
    let mut bytes = key.to_vec();
    bytes.extend((embeddings.sentences.len() as u32).to_le_bytes());
    bytes.extend(embeddings.vector.as_slice().iter().flat_map(|value| value.to_le_bytes()));
    for sentence in &embeddings.sentences {
        bytes.extend(sentence.span.start.to_le_bytes());
        bytes.extend(sentence.span.end.to_le_bytes());
        bytes.extend(sentence.vector.iter().flat_map(|value| value.to_le_bytes()));
    }
    bytes
}

/// Returns the complete records, and the number of their bytes.
fn read(bytes: &[u8], dimension: usize, model: &ModelRef) -> (HashMap<Key, Embeddings>, usize) {
    let mut known = HashMap::new();
    let mut rest = bytes;
    while let Some((key, embeddings, behind)) = first(rest, dimension, model) {
        known.insert(key, embeddings);
        rest = behind;
    }
    (known, bytes.len() - rest.len())
}

fn first<'b>(
    bytes: &'b [u8],
    dimension: usize,
    model: &ModelRef,
) -> Option<(Key, Embeddings, &'b [u8])> {
    let (key, rest) = bytes.split_first_chunk::<32>()?;
    let (count, rest) = rest.split_first_chunk::<4>()?;
    let (vector, mut rest) = rest.split_at_checked(4 * dimension)?;
    let values = vector.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
    let vector = Embedding::from_unit(values.collect());
    let mut sentences = Vec::new();
    for _ in 0..u32::from_le_bytes(*count) {
        let (start, behind) = rest.split_first_chunk::<4>()?;
        let (end, behind) = behind.split_first_chunk::<4>()?;
        let (halves, behind) = behind.split_at_checked(2 * dimension)?;
        let span = Span { start: u32::from_le_bytes(*start), end: u32::from_le_bytes(*end) };
        let vector = halves.as_chunks::<2>().0.iter().map(|bytes| f16::from_le_bytes(*bytes));
        sentences.push(Sentence { span, vector: vector.collect() });
        rest = behind;
    }
    let model = model.clone();
    // The names are not needed here.
    let entities = Err("not kept".to_owned());
    Some((*key, Embeddings { model, vector, sentences, sentences_left_out: 0, entities }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_and_half_a_record_is_dropped() {
        let embeddings = Embeddings {
            model: ModelRef::default(),
            vector: Embedding::from_unit(vec![0.6, 0.8]),
            sentences_left_out: 0,
            sentences: vec![Sentence {
                span: Span { start: 1, end: 4 },
                vector: vec![f16::from_f32(0.6), f16::from_f32(0.8)],
            }],
            entities: Err("not kept".to_owned()),
        };
        let one = record(&key("a"), &embeddings);
        let mut bytes = one.clone();
        bytes.extend(&record(&key("b"), &embeddings)[..50]);
        let (known, whole) = read(&bytes, 2, &ModelRef::default());
        assert_eq!(whole, one.len());
        assert_eq!(known[&key("a")], embeddings);
        assert_eq!(known.len(), 1);
    }
}
