//! Words of praise and of blame, as the news use them, with their inflections. They
//! are in `data`; the lists are ours.

use std::collections::{HashMap, HashSet};

const NEGATIVE: &str = include_str!("../../data/negative.txt");
const POSITIVE: &str = include_str!("../../data/positive.txt");
/// Words that turn the next ones round.
const NEGATIONS: &str = include_str!("../../data/negations.txt");

/// So many words behind a negation are turned round.
const REACH: usize = 3;
/// More words of one kind say no more.
const ENOUGH: f32 = 3.0;

/// The number of features that [`Lexicon::features`] gives.
pub(super) const FEATURES: usize = 12;

/// Which way a word points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tone {
    Negative,
    Positive,
}

/// The words, ready to be looked up.
#[derive(Clone, Debug)]
pub(super) struct Lexicon {
    tones: HashMap<String, Tone>,
    negations: HashSet<&'static str>,
}

/// The entries of a list: one on each line, comments behind `#`.
fn entries(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

impl Lexicon {
    pub(super) fn new() -> Self {
        let mut tones = HashMap::new();
        for (list, tone) in [(NEGATIVE, Tone::Negative), (POSITIVE, Tone::Positive)] {
            for word in entries(list) {
                tones.extend(inflections(word).map(|inflected| (inflected, tone)));
            }
        }
        // A word's inflection may be a word of its own: "needless" is not "needl" + "ess".
        for (list, tone) in [(NEGATIVE, Tone::Negative), (POSITIVE, Tone::Positive)] {
            tones.extend(entries(list).map(|word| (word.to_owned(), tone)));
        }
        Self { tones, negations: entries(NEGATIONS).collect() }
    }

    /// Computes the features of a text's words, each about 0 to 3.
    pub(super) fn features(&self, words: &[String]) -> [f32; FEATURES] {
        let [blame, praise, no_blame, no_praise] = self.count(words);
        let length = words.len().max(8) as f32;
        let has = |count: f32| f32::from(u8::from(count > 0.0));
        [
            blame.min(ENOUGH),
            praise.min(ENOUGH),
            no_blame.min(ENOUGH),
            no_praise.min(ENOUGH),
            has(blame),
            has(praise),
            10.0 * blame / length,
            10.0 * praise / length,
            1.0 - has(blame + praise),
            2.0 * ((praise - blame - no_praise + no_blame) / 2.0).tanh(),
            has(blame) * has(praise),
            words.len().min(60) as f32 / 30.0,
        ]
    }

    /// Blame, praise, and each of them behind a negation.
    fn count(&self, words: &[String]) -> [f32; 4] {
        let mut counts = [0.0; 4];
        let mut turned = 0;
        for word in words {
            if self.negations.contains(word.as_str()) || word.ends_with("n't") {
                turned = REACH;
                continue;
            }
            if let Some(tone) = self.tones.get(word) {
                let kind = usize::from(*tone == Tone::Positive);
                counts[if turned > 0 { kind + 2 } else { kind }] += 1.0;
            }
            turned = turned.saturating_sub(1);
        }
        counts
    }
}

/// A word with the endings that English gives it; some are no words, and harm
/// nothing.
fn inflections(word: &str) -> impl Iterator<Item = String> {
    const ENDINGS: [&str; 8] = ["s", "es", "ed", "d", "ing", "ly", "er", "ers"];
    let with = |stem: &str, ending: &str| format!("{stem}{ending}");
    let mut found: Vec<String> = ENDINGS.iter().map(|ending| with(word, ending)).collect();
    if let Some(stem) = word.strip_suffix('e') {
        found.extend(["ing", "ed"].map(|ending| with(stem, ending)));
    }
    if let Some(stem) = word.strip_suffix('y') {
        found.extend(["ies", "ied", "ier", "ily"].map(|ending| with(stem, ending)));
    }
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sentiment::words::words;

    fn counts(text: &str) -> [f32; 4] {
        Lexicon::new().count(&words(text))
    }

    #[test]
    fn praise_and_blame_are_counted_in_any_inflection() {
        assert_eq!(
            counts("He lied, cheated and betrays her brave daughters."),
            [3.0, 1.0, 0.0, 0.0]
        );
    }

    #[test]
    fn a_negation_turns_the_next_words_round() {
        assert_eq!(counts("She was never a liar."), [0.0, 0.0, 1.0, 0.0]);
        assert_eq!(
            counts("It isn’t honest; it was only much later praised."),
            [0.0, 1.0, 0.0, 1.0]
        );
    }

    #[test]
    fn a_text_without_words_of_either_kind_says_so() {
        let features = Lexicon::new().features(&words("The council met on Tuesday."));
        assert_eq!(features[8], 1.0);
        assert_eq!(features[..8], [0.0; 8]);
    }

    #[test]
    fn no_word_stands_in_two_lists_or_twice_in_one() {
        let mut seen = HashSet::new();
        for word in [NEGATIVE, POSITIVE, NEGATIONS].into_iter().flat_map(entries) {
            assert!(seen.insert(word) && word == word.trim(), "{word}");
        }
    }
}
