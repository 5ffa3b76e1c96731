//! Search queries and their words.

use std::collections::HashSet;

use courant_article::Embedding;
use rust_stemmers::{Algorithm, Stemmer};
use serde::{Deserialize, Serialize};

/// The number of candidates that each of the two searches gives to the fusion, and the
/// greatest `limit`.
pub const CANDIDATES: usize = 100;

/// Words of a query that count; more are ignored.
const MAX_TERMS: usize = 32;
/// Code points of a word that count.
const MAX_WORD: usize = 64;

/// The kind of search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SearchMode {
    /// Full text and vectors, joined by rank. Full text alone if the query has no vector.
    #[default]
    Hybrid,
    /// A search for the nearest vectors.
    Vector,
    /// A full-text search.
    Text,
}

/// A search for articles.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchQuery {
    /// The words to search for. Words in quotation marks must stand together, and a word after
    /// `-` must not occur. Any text is valid.
    pub text: String,
    /// The vector of the text. Required for a vector search.
    pub vector: Option<Embedding>,
    /// The kind of search.
    pub mode: SearchMode,
    /// The most results, up to [`CANDIDATES`].
    pub limit: usize,
}

/// The words and phrases of a query: letters and digits only, so that no input
/// can be an error of syntax in either full-text language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Each a word, or words that stand together.
    pub(crate) wanted: Vec<String>,
    pub(crate) unwanted: Vec<String>,
}

impl Terms {
    pub(crate) fn parse(text: &str) -> Self {
        let mut terms = Self::default();
        // Every second piece between quotation marks is a phrase.
        for (index, piece) in text.split('"').enumerate() {
            if index % 2 == 1 {
                terms.add(piece, false);
                continue;
            }
            for word in piece.split_whitespace() {
                match word.strip_prefix('-') {
                    Some(rest) => terms.add(rest, true),
                    None => terms.add(word, false),
                }
            }
        }
        terms
    }

    /// Texts that hold any of `phrases`, as they stand.
    pub(crate) fn phrases<'a>(phrases: impl IntoIterator<Item = &'a str>) -> Self {
        let mut terms = Self::default();
        phrases.into_iter().for_each(|phrase| terms.add(phrase, false));
        terms
    }

    fn add(&mut self, phrase: &str, unwanted: bool) {
        let words = words(phrase);
        if words.is_empty() || self.wanted.len() + self.unwanted.len() == MAX_TERMS {
            return;
        }
        let list = if unwanted { &mut self.unwanted } else { &mut self.wanted };
        list.push(words.join(" "));
    }

    /// Tells which words of a text are wanted, whatever their English ending.
    pub(crate) fn matcher(&self) -> Matcher {
        let stemmer = Stemmer::create(Algorithm::English);
        let wanted = self.wanted.iter().flat_map(|phrase| phrase.split(' '));
        let stems = wanted.map(|word| stemmer.stem(word).into_owned()).collect();
        Matcher { stemmer, stems }
    }
}

/// The wanted words by their stems.
pub(crate) struct Matcher {
    stemmer: Stemmer,
    stems: HashSet<String>,
}

impl Matcher {
    /// Returns true if `written`, a stretch of a text without white space, holds one.
    pub(crate) fn fits(&self, written: &str) -> bool {
        words(written).iter().any(|word| self.stems.contains(self.stemmer.stem(word).as_ref()))
    }
}

/// Lower-case words of letters and digits; marks that combine with a letter
/// belong to it.
fn words(phrase: &str) -> Vec<String> {
    phrase
        .split(|c: char| !(c.is_alphanumeric() || is_mark(c)))
        .map(|word| word.to_lowercase().chars().take(MAX_WORD).collect::<String>())
        .filter(|word: &String| word.chars().any(char::is_alphanumeric))
        .collect()
}

/// The blocks of combining marks that `is_alphanumeric` leaves out (viramas of
/// Indic scripts, accents).
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{d7f}' | '\u{e31}'..='\u{e4e}' | '\u{200c}' | '\u{200d}')
        && !matches!(c, '\u{964}' | '\u{965}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Vec<String>, Vec<String>) {
        let terms = Terms::parse(text);
        (terms.wanted, terms.unwanted)
    }

    fn owned(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn words_phrases_and_what_is_unwanted_are_told_apart() {
        let (wanted, unwanted) = parse(r#"Rail "cross-border strike" -football état"#);
        assert_eq!(wanted, owned(&["rail", "cross border strike", "état"]));
        assert_eq!(unwanted, owned(&["football"]));
    }

    #[test]
    fn nothing_but_letters_and_digits_remains() {
        for hostile in
            ["", "\"", "***", "AND OR NOT", "a\" OR b:", "')--", "\0", "NEAR(a b, 3)", "{t}:x^2"]
        {
            let terms = Terms::parse(hostile);
            for term in terms.wanted.iter().chain(&terms.unwanted) {
                assert!(term.chars().all(|c| c.is_alphanumeric() || c == ' '), "{term:?}");
            }
        }
    }

    #[test]
    fn a_long_query_is_cut() {
        let terms = Terms::parse(&"word ".repeat(10_000));
        assert_eq!(terms.wanted.len(), MAX_TERMS);
        assert_eq!(Terms::parse(&"x".repeat(10_000)).wanted[0].len(), MAX_WORD);
    }

    #[test]
    fn an_inflected_word_is_recognized() {
        let matcher = Terms::parse("elections \"the ferries\"").matcher();
        assert!(matcher.fits("Election,") && matcher.fits("by-election") && matcher.fits("ferry"));
        assert!(!matcher.fits("electric") && !matcher.fits("—"));
    }
}
