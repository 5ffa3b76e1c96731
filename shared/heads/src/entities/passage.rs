//! Texts whose names are known: what the head learns from, and what it is judged
//! by.

use std::ops::Range;

use courant_article::{EntityKind, Span};

use super::{
    EntityHead, EntityHeadError, Example, Provenance, TaggedSpan, TrainingError, TrainingSettings,
    Word, train, words,
};
use crate::metrics::{Scores, scores};

/// The kind of thing that a name names, and the name's place in code points.
pub type Name = (EntityKind, Span);

/// A text with its names and its words' states.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    text: String,
    names: Vec<Name>,
    states: Vec<f32>,
}

impl Passage {
    /// `names`: that do not overlap; `states`: one row per word of [`words`].
    pub fn new(text: String, names: Vec<Name>, states: Vec<f32>) -> Self {
        Self { text, names, states }
    }

    fn into_example(self) -> Example {
        let words = words(&self.text);
        Example::new(&words, &named(&words, &self.names), self.states)
    }
}

/// Names found, right, and expected. A name is right where its kind, its first
/// and its last character are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpanCount {
    /// Found as they should be.
    pub right: usize,
    /// Found at all.
    pub found: usize,
    /// There.
    pub expected: usize,
}

impl SpanCount {
    /// Counts one text.
    pub fn add(&mut self, found: &[Name], expected: &[Name]) {
        self.right += found.iter().filter(|name| expected.contains(name)).count();
        self.found += found.len();
        self.expected += expected.len();
    }

    /// The harmonic mean of precision and recall; not a number where neither has
    /// anything to go by.
    pub fn f1(self) -> f64 {
        2.0 * self.right as f64 / (self.found + self.expected) as f64
    }

    /// The share of what was found.
    pub fn precision(self) -> f64 {
        self.right as f64 / self.found as f64
    }

    /// The share of what was there.
    pub fn recall(self) -> f64 {
        self.right as f64 / self.expected as f64
    }
}

/// Learns a head from some texts, and notes in it how well it finds the names of
/// others.
///
/// # Errors
/// [`TrainingError`] where there is nothing to learn from or to judge by, or
/// values do not fit their words.
pub fn learn(
    seen: Vec<Passage>,
    held_back: &[Passage],
    provenance: Provenance,
) -> Result<EntityHead, TrainingError> {
    if held_back.is_empty() {
        return Err(TrainingError::NoWords);
    }
    let examples: Vec<Example> = seen.into_iter().map(Passage::into_example).collect();
    let head = train(&examples, &TrainingSettings::default(), provenance)?;
    let f1 = head.count(held_back)?.f1();
    Ok(if f1.is_finite() { head.with_f1(f1 as f32) } else { head })
}

impl EntityHead {
    /// The names in a text. `states`: one row per word of [`words`].
    ///
    /// # Errors
    /// [`EntityHeadError::Rows`] where there are not as many rows as words.
    pub fn names(&self, text: &str, states: &[f32]) -> Result<Vec<Name>, EntityHeadError> {
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
    pub fn count(&self, passages: &[Passage]) -> Result<SpanCount, EntityHeadError> {
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
    pub fn scores(&self, passages: &[Passage]) -> Result<Scores, EntityHeadError> {
        let count = self.count(passages)?;
        let measured =
            [("f1", count.f1()), ("precision", count.precision()), ("recall", count.recall())];
        Ok(scores(measured))
    }
}

/// Names as ranges of words: of each word that shares a character.
fn named(words: &[Word<'_>], names: &[Name]) -> Vec<(EntityKind, Range<usize>)> {
    let range = |&(kind, span): &Name| {
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
    fn passage(number: u32) -> Passage {
        let text = format!("they say Ann{number} left");
        let words = words(&text);
        let span = words[2].span;
        let names =
            if number.is_multiple_of(4) { Vec::new() } else { vec![(EntityKind::Person, span)] };
        let is_named = |word: &Word<'_>| names.iter().any(|(_, span)| *span == word.span);
        let states =
            words.iter().flat_map(|word| [f32::from(u8::from(is_named(word))), 1.0]).collect();
        Passage::new(text.clone(), names, states)
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
