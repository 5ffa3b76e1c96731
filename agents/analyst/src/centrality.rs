//! Weighs the sentences of an article: a sentence weighs more if its vector is near to the
//! article's vector.

use std::ops::Range;

use courant_article::{Embedding, Embeddings, Sentence};

use crate::code_points::CodePoints;

/// The exponent that widens the gap between near and far sentences.
const SHARPNESS: f32 = 2.0;
/// The least weight of a sentence.
const LEAST: f32 = 0.1;

/// The weight of each sentence, which grows with the nearness of its vector to the article's. The
/// mean weight is about 1.
pub(crate) struct Centrality {
    /// The byte range and weight of each sentence, in the order of the text.
    sentences: Vec<(Range<usize>, f32)>,
}

impl Centrality {
    /// Weighs the sentences of `text`, which has these `embeddings`. Every sentence weighs 1 if no
    /// vectors can be compared.
    pub(crate) fn of(text: &str, embeddings: &Embeddings) -> Self {
        let code_points = CodePoints::of(text);
        let nearness = |sentence: &Sentence| {
            let vector = widened(sentence, embeddings.vector.dimension())?;
            let place = code_points.bytes(sentence.span)?;
            Some((place, embeddings.vector.cosine(&vector).max(0.0)))
        };
        let mut sentences: Vec<_> = embeddings.sentences.iter().filter_map(nearness).collect();
        sentences.sort_by_key(|(place, _)| place.start);
        let mean = sentences.iter().map(|(_, near)| near).sum::<f32>() / sentences.len() as f32;
        if mean.is_nan() || mean <= 0.0 {
            return Self { sentences: Vec::new() };
        }
        for (_, weight) in &mut sentences {
            *weight = (*weight / mean).powf(SHARPNESS).max(LEAST);
        }
        Self { sentences }
    }

    /// Returns the weight of the sentence at a byte of the text; 1 if it has no vector.
    pub(crate) fn at(&self, byte: usize) -> f32 {
        let next = self.sentences.partition_point(|(place, _)| place.start <= byte);
        let before = next.checked_sub(1).map(|last| &self.sentences[last]);
        before.filter(|(place, _)| place.contains(&byte)).map_or(1.0, |(_, weight)| *weight)
    }
}

/// Returns the vector of a sentence as `f32`; `None` if its dimension differs or a value is not
/// finite.
pub(crate) fn widened(sentence: &Sentence, dimension: usize) -> Option<Embedding> {
    let values: Vec<f32> = sentence.vector.iter().map(|value| value.to_f32()).collect();
    let usable = values.len() == dimension && values.iter().all(|value| value.is_finite());
    usable.then(|| Embedding::from_unit(values))
}
