//! Language identification.
//!
//! [`detect`] looks at the script that most letters belong to. Scripts such as Hangul or Thai
//! belong to one language each. The languages of other scripts are told apart by a naive Bayes
//! model over groups of three and four letters and over common words (`table`). [`with_declared`]
//! weighs the answer against the language that the page declares.

mod build;
mod declared;
mod features;
mod prose;
mod script;
mod table;

pub use build::{Counts, Label, write_table};
pub use declared::{canonical, likeliest_of, with_declared};
pub use features::{FeatureKind, features, is_sign};
pub use script::Script;
pub use table::TableError;

use script::Letters;
use table::{Score, Table};

/// The version of the table and of the rules around it. It changes whenever answers may change.
pub const VERSION: &str = "1";

/// The most letters that are read, from the start of a text.
const MAX_LETTERS: usize = 2_000;
/// The fewest letters that tell the language of a text in an alphabet.
pub const MIN_LETTERS: usize = 12;
/// The fewest letters that tell the language of a text in a script of syllables or words.
const MIN_SYLLABLES: usize = 4;

/// The likely language of a text, and how certain it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guess {
    /// The language's ISO 639-1 code.
    pub language: &'static str,
    /// The certainty, 0 to 1: the share of this language among all candidates. It is 1 for a
    /// declared language that the text does not contradict.
    pub confidence: f64,
}

/// The reading of one text: its script and the scores of the languages written in it.
#[derive(Clone, Debug)]
pub struct Reading {
    letters: Letters,
    scores: Vec<Score>,
}

/// Reads the start of `text`, up to 2,000 letters.
pub fn read(text: &str) -> Reading {
    let letters = Letters::count(text, MAX_LETTERS);
    let scores = match letters.sole_language() {
        Some(language) => vec![Score { language, rate: CLEAR, groups: letters.count as f64 }],
        None => Table::built_in().scores(text, letters.script, MAX_LETTERS),
    };
    Reading { letters, scores }
}

/// The evidence per letter for the only language of a script, in nats.
const CLEAR: f64 = 10.0;
/// The divisor of the summed evidence: neighbouring letter groups share letters, so their evidence
/// is not independent. Found on single sentences of 60 languages.
const DEPENDENCE: f64 = 6.0;
/// The evidence per letter group that gibberish reaches by chance, in Latin or Cyrillic letters.
const CHANCE: f64 = 1.6;
/// The same in other scripts. Their tables are smaller, and so is the evidence in their texts.
const CHANCE_ELSEWHERE: f64 = 0.3;

/// The evidence per letter group that 99 of 100 sentences reach in their own language, in Latin
/// or Cyrillic letters.
const FOREIGN: f64 = 3.8;

impl Reading {
    /// Returns the likeliest language. Returns `None` if the text has too few letters.
    pub fn guess(&self) -> Option<Guess> {
        let best = *self.scores.first()?;
        if !self.is_enough() {
            return None;
        }
        let odds = |rate: f64| (-self.evidence(best.rate - rate)).exp();
        let others: f64 = self.scores.iter().skip(1).map(|score| odds(score.rate)).sum();
        let confidence = 1.0 / (1.0 + others + odds(self.chance()));
        Some(Guess { language: best.language, confidence })
    }

    /// Returns the number of letters of the dominant script that were read.
    pub fn letters(&self) -> usize {
        self.letters.count
    }

    /// Returns the fewest letters that tell a language in this script.
    pub fn letters_needed(&self) -> usize {
        if self.letters.script.is_alphabet() { MIN_LETTERS } else { MIN_SYLLABLES }
    }

    fn chance(&self) -> f64 {
        if self.letters.script.is_well_known() { CHANCE } else { CHANCE_ELSEWHERE }
    }

    fn is_enough(&self) -> bool {
        self.letters() >= self.letters_needed()
    }

    /// Returns the evidence per letter group, in nats, by which `language` is behind the best one.
    /// Returns `None` if the language is no candidate.
    fn behind(&self, language: &str) -> Option<f64> {
        let best = self.scores.first()?;
        let own = self.scores.iter().find(|score| score.language == language)?;
        Some(best.rate - own.rate)
    }

    /// Returns the evidence, in nats, that a `gap` per letter group makes over the whole text.
    fn evidence(&self, gap: f64) -> f64 {
        self.scores.first().map_or(0.0, |best| best.groups * gap / DEPENDENCE)
    }

    /// Returns true if no candidate explains the text as well as a text's own language does.
    fn is_foreign(&self) -> bool {
        let best = self.scores.first().map_or(0.0, |best| best.rate);
        self.letters.script.is_well_known() && best < FOREIGN
    }
}

/// Returns the likeliest language of `text`. Returns `None` if the text has too few letters.
pub fn detect(text: &str) -> Option<Guess> {
    read(text).guess()
}

/// Returns the ISO 639-1 codes of all languages that can be told apart, in alphabetical order.
pub fn candidates() -> Vec<&'static str> {
    let mut all: Vec<_> = Table::built_in().languages().chain(script::SOLE_LANGUAGES).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests;
