//! The head itself.

use std::ops::Range;
use std::sync::LazyLock;

use courant_article::{EntityKind, ModelRef};
use serde::{Deserialize, Serialize};

use super::crf::{Scores, Transitions};
use super::dense::{Dense, rectify};
use super::features::{FEATURES, features};
use super::label::{KINDS, LABELS, begin, inside, names};
use super::{EntityHeadError, Word};

/// The origin of a head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The name of the encoder whose states it reads.
    pub encoder: String,
    /// SHA-256 of the labelled texts that it learned from.
    pub data_sha256: String,
    /// The number of those texts.
    pub texts: usize,
    /// The exact-span F1 on texts that were held back, as the trainer measured it.
    pub f1: Option<f32>,
}

/// A name among the words of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct TaggedSpan {
    /// The kind of thing that it names.
    pub kind: EntityKind,
    /// Its words.
    pub words: Range<usize>,
    /// The probability of the kind, 0 to 1: the mean over the words.
    pub score: f32,
}

/// A model that finds names by an encoder's states. It has a layer per word, a layer over the
/// word and its two neighbours, and a conditional random field over the text.
#[derive(Clone, Debug, PartialEq)]
pub struct EntityHead {
    pub(super) provenance: Provenance,
    /// The start of the file's SHA-256.
    pub(super) version: String,
    pub(super) layers: Layers,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layers {
    /// States to hidden values.
    pub(super) project: Dense,
    /// The hidden values and features of three words to hidden values.
    pub(super) mix: Dense,
    /// Hidden values to scores of the labels.
    pub(super) score: Dense,
    pub(super) transitions: Transitions,
}

static EMBEDDED: LazyLock<EntityHead> = LazyLock::new(|| {
    EntityHead::from_bytes(include_bytes!("../../models/entities.head"))
        .expect("the head in the repository is one: a test reads it")
});

impl EntityHead {
    /// Returns the head that is part of Courant, for the states of all-MiniLM-L6-v2.
    pub fn embedded() -> &'static Self {
        &EMBEDDED
    }

    /// Reads a head in the format of [`Self::to_bytes`].
    ///
    /// # Errors
    /// [`EntityHeadError`] if the bytes are not a head, or its sizes or labels are not those of
    /// this version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EntityHeadError> {
        super::file::read(bytes)
    }

    /// Returns the file's content: a line of JSON that describes the head, then its values in
    /// half precision.
    pub fn to_bytes(&self) -> Vec<u8> {
        super::file::write(&self.provenance, &self.layers)
    }

    /// Returns the origin of the head.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Sets the F1 on texts that were held back.
    #[must_use]
    pub fn with_f1(mut self, f1: f32) -> Self {
        self.provenance.f1 = Some(f1);
        super::file::read(&self.to_bytes()).expect("what was just written can be read")
    }

    /// Returns the number of values per token that the encoder must give.
    pub fn dimension(&self) -> usize {
        self.layers.project.inputs()
    }

    /// Returns the number of values per word that [`Self::project`] gives.
    pub fn hidden(&self) -> usize {
        self.layers.project.outputs()
    }

    /// Returns the model that computes the names: this head.
    pub fn model(&self) -> ModelRef {
        ModelRef {
            name: "entities".into(),
            version: self.version.clone(),
            precision: "fp32".into(),
            provider: "cpu".into(),
        }
    }

    /// Applies the first layer to each word. Rows `[words, dimension]` of the encoder's states
    /// become rows `[words, hidden]`.
    pub fn project(&self, states: &[f32]) -> Vec<f32> {
        let mut values = self.layers.project.apply(states);
        rectify(&mut values);
        values
    }

    /// Returns the names in a text. `projected`: one row of [`Self::project`] per word; zeros
    /// for a word without tokens.
    ///
    /// # Errors
    /// [`EntityHeadError::Rows`] if there is not one row per word.
    pub fn tag(
        &self,
        words: &[Word<'_>],
        projected: &[f32],
    ) -> Result<Vec<TaggedSpan>, EntityHeadError> {
        let expected = words.len() * self.hidden();
        if projected.len() != expected {
            return Err(EntityHeadError::Rows { expected, found: projected.len() });
        }
        let emissions = self.emissions(projected, &features(words));
        let labels = self.layers.transitions.decode(&emissions);
        let marginals = self.layers.transitions.marginals(&emissions).labels;
        let named = |(kind, words): (usize, Range<usize>)| TaggedSpan {
            kind: KINDS[kind],
            score: mean_probability(&marginals[words.clone()], kind),
            words,
        };
        Ok(names(&labels).into_iter().map(named).collect())
    }

    fn emissions(&self, projected: &[f32], features: &[f32]) -> Vec<Scores> {
        let beside = with_neighbours(&joined(projected, self.hidden(), features));
        let mut hidden = self.layers.mix.apply(&beside);
        rectify(&mut hidden);
        as_scores(&self.layers.score.apply(&hidden))
    }
}

/// A name's words are of its kind whether they begin it or not.
fn mean_probability(words: &[Scores], kind: usize) -> f32 {
    let sum: f32 = words.iter().map(|word| word[begin(kind)] + word[inside(kind)]).sum();
    (sum / words.len() as f32).clamp(0.0, 1.0)
}

pub(super) fn as_scores(flat: &[f32]) -> Vec<Scores> {
    let (rows, _) = flat.as_chunks::<LABELS>();
    rows.to_vec()
}

/// A word's hidden values with its features behind them: one row per word.
pub(super) struct Joined {
    pub(super) values: Vec<f32>,
    pub(super) width: usize,
}

pub(super) fn joined(hidden: &[f32], hidden_width: usize, features: &[f32]) -> Joined {
    let rows = hidden.chunks_exact(hidden_width).zip(features.chunks_exact(FEATURES));
    let values = rows.flat_map(|(hidden, features)| hidden.iter().chain(features).copied());
    Joined { values: values.collect(), width: hidden_width + FEATURES }
}

/// Each row between those of the words before and behind; zeros beyond the ends.
pub(super) fn with_neighbours(joined: &Joined) -> Vec<f32> {
    let width = joined.width;
    let mut rows = vec![0.0; 3 * joined.values.len()];
    for (at, row) in rows.chunks_exact_mut(3 * width).enumerate() {
        let from = (at * width).saturating_sub(width);
        let to = joined.values.len().min((at + 2) * width);
        let skipped = if at == 0 { width } else { 0 };
        row[skipped..skipped + to - from].copy_from_slice(&joined.values[from..to]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_in_the_repository_can_be_read() {
        let head = EntityHead::embedded();
        assert_eq!(head.provenance().encoder, "all-MiniLM-L6-v2");
        assert_eq!(head.dimension(), 768);
        assert_eq!(EntityHead::from_bytes(&head.to_bytes()).unwrap(), *head);
    }

    #[test]
    fn neighbours_stand_on_both_sides_and_zeros_beyond_the_ends() {
        let joined = Joined { values: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], width: 2 };
        let rows = with_neighbours(&joined);
        assert_eq!(rows[..6], [0.0, 0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!(rows[6..12], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(rows[12..], [3.0, 4.0, 5.0, 6.0, 0.0, 0.0]);
        let one = Joined { values: vec![1.0, 2.0], width: 2 };
        assert_eq!(with_neighbours(&one), [0.0, 0.0, 1.0, 2.0, 0.0, 0.0]);
    }

    #[test]
    fn rows_that_are_not_the_words_are_refused() {
        let words = super::super::words("Ann left");
        let error = EntityHead::embedded().tag(&words, &[0.0; 3]).unwrap_err();
        assert!(matches!(error, EntityHeadError::Rows { found: 3, .. }));
    }
}
