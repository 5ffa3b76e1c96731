//! The embedder's additions to an article.

use half::f16;
use serde::{Deserialize, Serialize};

use crate::Entity;

/// The side of a search on which a text stands. Some encoders were trained to read a prefix that
/// tells the two apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextKind {
    /// It asks.
    Query,
    /// It is found: an article, or a text that is compared with articles.
    Document,
}

/// A vector of unit length. It is all zeros if there was nothing to embed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Embedding(Vec<f32>);

impl Embedding {
    /// Scales `values` to unit length. Zeros stay zeros.
    pub fn normalized(mut values: Vec<f32>) -> Self {
        let norm = values.iter().map(|v| v * v).sum::<f32>().sqrt();
        if norm > 0.0 {
            values.iter_mut().for_each(|v| *v /= norm);
        }
        Self(values)
    }

    /// Takes values that already have unit length, such as those of our encoders, messages and
    /// store. The length is not checked.
    pub fn from_unit(values: Vec<f32>) -> Self {
        Self(values)
    }

    /// Returns the weighted mean of vectors of the same dimension, scaled to unit length. Returns
    /// `None` if there are no vectors.
    pub fn weighted_mean<'a>(parts: impl IntoIterator<Item = (&'a Self, f32)>) -> Option<Self> {
        let mut sum: Vec<f32> = Vec::new();
        for (part, weight) in parts {
            sum.resize(part.0.len(), 0.0);
            for (total, value) in sum.iter_mut().zip(&part.0) {
                *total += weight * value;
            }
        }
        (!sum.is_empty()).then(|| Self::normalized(sum))
    }

    /// Returns the values.
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// Returns the number of values.
    pub fn dimension(&self) -> usize {
        self.0.len()
    }

    /// Returns the cosine of the angle between two vectors of the same dimension.
    pub fn cosine(&self, other: &Self) -> f32 {
        self.0.iter().zip(&other.0).map(|(a, b)| a * b).sum()
    }
}

/// The model that computed a result. Each result names its model, so that nobody has to guess.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ModelRef {
    /// The name, such as `all-MiniLM-L6-v2`.
    pub name: String,
    /// The start of the SHA-256 of the model's file, or the version of a head.
    pub version: String,
    /// The precision: fp32, fp16 or int8.
    pub precision: String,
    /// The execution provider that really ran: cpu, cuda or tensorrt.
    pub provider: String,
}

/// A range of a text in Unicode code points. The end is exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The first code point.
    pub start: u32,
    /// The code point after the last one.
    pub end: u32,
}

/// A sentence with its vector in half precision, which is enough to rank sentences.
#[derive(Clone, Debug, PartialEq)]
pub struct Sentence {
    /// The sentence's place in the text.
    pub span: Span,
    /// The sentence's vector, of unit length.
    pub vector: Vec<f16>,
}

/// The embedder's result for one text, as a message carries it.
#[derive(Clone, Debug, PartialEq)]
pub struct Embeddings {
    /// The encoder that ran.
    pub model: ModelRef,
    /// The mean of the chunks' vectors weighted by their tokens, of unit length.
    pub vector: Embedding,
    /// Sentences in the text's order. A very long text has only its first sentences here.
    pub sentences: Vec<Sentence>,
    /// The number of further sentences in the text.
    pub sentences_left_out: u32,
    /// The names in the text, or the reason why none were looked for.
    pub entities: Result<Entities, String>,
}

/// The names that a head on top of the encoder found in a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Entities {
    /// The head that ran.
    pub model: ModelRef,
    /// Names in the text's order. A very long text has only its first names here.
    pub entities: Vec<Entity>,
    /// The number of further names that were found.
    pub left_out: u32,
}

/// The most names that an article carries.
pub const MAX_ENTITIES: usize = 1_000;
/// The most bytes that the texts of these names may have together.
pub const MAX_ENTITY_BYTES: usize = 64 * 1024;

impl Entities {
    /// Keeps the first names of `found`: at most [`MAX_ENTITIES`] of them, with at most
    /// [`MAX_ENTITY_BYTES`] of text. A name that no longer fits is left out; a shorter one after it
    /// may fit. Counts the names that are left out.
    pub fn first(model: ModelRef, found: Vec<Entity>) -> Self {
        let total = found.len();
        let mut room = MAX_ENTITY_BYTES;
        let mut entities = Vec::with_capacity(total.min(MAX_ENTITIES));
        for entity in found {
            if entities.len() == MAX_ENTITIES {
                break;
            }
            if let Some(rest) = room.checked_sub(entity.text.len()) {
                room = rest;
                entities.push(entity);
            }
        }
        let left_out = u32::try_from(total - entities.len()).unwrap_or(u32::MAX);
        Self { model, entities, left_out }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EntityKind;

    #[test]
    fn the_mean_follows_the_weights_and_has_unit_length() {
        let x = Embedding::from_unit(vec![1.0, 0.0]);
        let y = Embedding::from_unit(vec![0.0, 1.0]);
        let mean = Embedding::weighted_mean([(&x, 3.0), (&y, 4.0)]).unwrap();
        assert!((mean.as_slice()[0] - 0.6).abs() < 1e-6);
        assert!((mean.as_slice()[1] - 0.8).abs() < 1e-6);
        assert_eq!(Embedding::weighted_mean([]), None);
    }

    fn names(lengths: &[usize]) -> Vec<Entity> {
        let name = |length: &usize| Entity {
            text: "x".repeat(*length),
            kind: EntityKind::Person,
            span: Span::default(),
            score: 1.0,
        };
        lengths.iter().map(name).collect()
    }

    #[test]
    fn the_first_names_go_with_the_article_and_the_others_are_counted() {
        let kept = |lengths: &[usize]| {
            let found = Entities::first(ModelRef::default(), names(lengths));
            (found.entities.len(), found.left_out)
        };
        assert_eq!(kept(&[5; 999]), (999, 0));
        assert_eq!(kept(&[5; 1_002]), (1_000, 2));
        assert_eq!(kept(&[MAX_ENTITY_BYTES + 1, 7, 7]), (2, 1), "no name is so long");
        assert_eq!(kept(&[40_000, 40_000, 20_000]), (2, 1));
    }

    #[test]
    fn zeros_stay_zeros() {
        assert_eq!(Embedding::normalized(vec![0.0; 3]).as_slice(), [0.0; 3]);
    }
}
