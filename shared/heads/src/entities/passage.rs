//! Texts with known names, for training and evaluation.

use std::ops::Range;

use courant_article::{EntityKind, Span};

use super::{
    EntityExample, EntityHead, EntityHeadError, Provenance, TaggedSpan, TrainingError,
    TrainingSettings, Word, train, words,
};
use crate::metrics::{Scores, scores};

/// The kind of thing that a name names, and the name's place in code points.
pub type NamedSpan = (EntityKind, Span);

/// A text with its names and its words' states.
#[derive(Clone, Debug, PartialEq)]
pub struct EntityPassage {
    text: String,
    names: Vec<NamedSpan>,
    states: Vec<f32>,
}

impl EntityPassage {
    /// Makes a passage. `names` must not overlap. `states`: one row per word of [`words`].
    pub fn new(text: String, names: Vec<NamedSpan>, states: Vec<f32>) -> Self {
        Self { text, names, states }
    }

    fn into_example(self) -> EntityExample {
        let words = words(&self.text);
        EntityExample::new(&words, &named(&words, &self.names), self.states)
    }
}

/// The numbers of found, right and expected names. A found name is right if its kind and both
/// ends match an expected one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpanCount {
    /// The number of found names that are right.
    pub right: usize,
    /// The number of found names.
    pub found: usize,
    /// There.
    pub expected: usize,
}

impl SpanCount {
    /// Counts one text.
    pub fn add(&mut self, found: &[NamedSpan], expected: &[NamedSpan]) {
        self.right += found.iter().filter(|name| expected.contains(name)).count();
        self.found += found.len();
        self.expected += expected.len();
    }

    /// Returns the harmonic mean of precision and recall. NaN if there are no found and no
    /// expected names.
    pub fn f1(self) -> f64 {
        2.0 * self.right as f64 / (self.found + self.expected) as f64
    }

    /// Returns the share of found names that are right.
    pub fn precision(self) -> f64 {
        self.right as f64 / self.found as f64
    }

    /// Returns the share of expected names that were found.
    pub fn recall(self) -> f64 {
        self.right as f64 / self.expected as f64
    }
}

/// Trains a head on some texts, and records in it how well it finds the names of others.
///
/// # Errors
/// [`TrainingError`] if there are no texts to train on or to judge by, or the values do not
/// match their words.
pub fn learn(
    seen: Vec<EntityPassage>,
    held_back: &[EntityPassage],
    provenance: Provenance,
) -> Result<EntityHead, TrainingError> {
    if held_back.is_empty() {
        return Err(TrainingError::NoWords);
    }
    let examples: Vec<EntityExample> = seen.into_iter().map(EntityPassage::into_example).collect();
    let head = train(&examples, &TrainingSettings::default(), provenance)?;
    let f1 = head.count(held_back)?.f1();
    Ok(if f1.is_finite() { head.with_f1(f1 as f32) } else { head })
}

impl EntityHead {
    /// Returns the names in a text. `states`: one row per word of [`words`].
    ///
    /// # Errors
    /// [`EntityHeadError::Rows`] where there are not as many rows as words.
    pub fn names(&self, text: &str, states: &[f32]) -> Result<Vec<NamedSpan>, EntityHeadError> {
        let words = words(text);
        let expected = words.len() * self.dimension();
        if states.len() != expected {
            return Err(EntityHeadError::Rows { expected, found: states.len() });
        }
        let name = |tagged: &TaggedSpan| {
            let start = words[tagged.words.start].span.start;
            let end = words[tagged.words.end - 1].span.end;
            (tagged.kind, Span { start, end })
        };
        Ok(self.tag(&words, &self.project(states))?.iter().map(name).collect())
    }

    /// Counts the names of texts: right, found and expected.
    ///
    /// # Errors
    /// As [`Self::names`].
    pub fn count(&self, passages: &[EntityPassage]) -> Result<SpanCount, EntityHeadError> {
        let mut count = SpanCount::default();
        for passage in passages {
            count.add(&self.names(&passage.text, &passage.states)?, &passage.names);
        }
        Ok(count)
    }

    /// Measures F1, precision and recall of the names that it finds in texts.
    ///
    /// # Errors
    /// As [`Self::names`].
    pub fn scores(&self, passages: &[EntityPassage]) -> Result<Scores, EntityHeadError> {
        let count = self.count(passages)?;
        let measured =
            [("f1", count.f1()), ("precision", count.precision()), ("recall", count.recall())];
        Ok(scores(measured))
    }
}

/// Names as ranges of words: of each word that shares a character.
fn named(words: &[Word<'_>], names: &[NamedSpan]) -> Vec<(EntityKind, Range<usize>)> {
    let range = |&(kind, span): &NamedSpan| {
        let start = words.partition_point(|word| word.span.end <= span.start);
        let end = words.partition_point(|word| word.span.start < span.end);
        (kind, start..end)
    };
    names.iter().map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name's words have a state of their own; some texts have none.
    fn passage(number: u32) -> EntityPassage {
        let text = format!("they say Ann{number} left");
        let words = words(&text);
        let span = words[2].span;
        let names =
            if number.is_multiple_of(4) { Vec::new() } else { vec![(EntityKind::Person, span)] };
        let is_named = |word: &Word<'_>| names.iter().any(|(_, span)| *span == word.span);
        let states =
            words.iter().flat_map(|word| [f32::from(u8::from(is_named(word))), 1.0]).collect();
        EntityPassage::new(text.clone(), names, states)
    }

    fn learned() -> EntityHead {
        let held_back: Vec<_> = (400..420).map(passage).collect();
        let encoder = "encoder".to_owned();
        let provenance = Provenance { encoder, data_sha256: "0".into(), texts: 400, f1: None };
        learn((0..400).map(passage).collect(), &held_back, provenance).unwrap()
    }

    #[test]
    fn what_was_held_back_is_measured_and_stands_in_the_file() {
        let head = learned();
        let scores = head.scores(&[passage(501), passage(502)]).unwrap();
        assert_eq!(scores.keys().collect::<Vec<_>>(), ["f1", "precision", "recall"]);
        assert!(head.provenance().f1.is_some_and(|f1| f1 > 0.9), "{:?}", head.provenance());
    }

    #[test]
    fn the_same_texts_give_the_same_bytes() {
        assert_eq!(learned().to_bytes(), learned().to_bytes());
    }

    #[test]
    fn states_that_are_not_the_words_are_refused() {
        let mut cut = passage(1);
        cut.states.pop();
        assert!(matches!(learned().count(&[cut]), Err(EntityHeadError::Rows { found: 7, .. })));
    }

    #[test]
    fn only_a_name_of_the_right_kind_and_place_counts() {
        let name = |kind, start| (kind, Span { start, end: start + 2 });
        let (person, place) = (EntityKind::Person, EntityKind::Location);
        let mut count = SpanCount::default();
        count.add(
            &[name(person, 0), name(person, 4), name(place, 5)],
            &[name(person, 0), name(place, 4)],
        );
        assert!((count.f1() - 2.0 / 5.0).abs() < 1e-9);
        assert_eq!(count, SpanCount { right: 1, found: 3, expected: 2 });
    }
}
