//! Splits a text into words and the gaps between them, for key phrases.

use unicode_segmentation::UnicodeSegmentation;

use crate::stop_words::{Lexicon, plain};

/// One word and its place in the text.
pub(crate) struct Word<'t> {
    /// The word as written, without a possessive ending.
    pub(crate) text: &'t str,
    /// The byte offset of its start.
    pub(crate) start: usize,
    /// The word in lower case, without its ending.
    pub(crate) stem: String,
    /// True if only a space or a hyphen stands between the previous word and this one.
    pub(crate) joined: bool,
    /// True for the first word of a sentence or a quotation, whose capital tells nothing.
    pub(crate) opens: bool,
    /// True if it begins with a capital.
    pub(crate) capitalized: bool,
    /// True if it is neither a stop word nor a number.
    pub(crate) content: bool,
}

impl Word<'_> {
    /// Returns the byte offset of its end.
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// Returns the first words of `text`, at most `limit`.
pub(crate) fn words<'t>(text: &'t str, lexicon: &Lexicon, limit: usize) -> Vec<Word<'t>> {
    let mut words: Vec<Word> = Vec::new();
    let mut gap = Gap::Sentence;
    for (start, piece) in text.split_word_bound_indices() {
        if !piece.contains(char::is_alphanumeric) {
            gap = gap.after(piece);
            continue;
        }
        if words.len() == limit {
            break;
        }
        let whole = lexicon.without_elision(piece);
        let bare = without_possessive(whole);
        if whole.len() < piece.len() {
            gap = gap.after("'");
        }
        words.push(word(bare, start + piece.len() - whole.len(), gap, lexicon));
        gap = if bare.len() < whole.len() { Gap::Phrase } else { Gap::Nothing };
    }
    for i in 0..words.len() {
        words[i].content |= is_acronym(&words, i);
    }
    words
}

fn word<'t>(text: &'t str, start: usize, gap: Gap, lexicon: &Lexicon) -> Word<'t> {
    let lower = plain(text);
    let letters = lower.chars().filter(|c| c.is_alphabetic()).count();
    Word {
        text,
        start,
        joined: matches!(gap, Gap::Space | Gap::Hyphen),
        opens: gap == Gap::Sentence,
        capitalized: text.starts_with(char::is_uppercase),
        content: letters >= 2
            && !lower.starts_with(char::is_numeric)
            && !lexicon.is_stop_word(&lower),
        stem: lexicon.stem(&lower).into_owned(),
    }
}

/// Returns true for a word in capitals between others that are not. "US" and "WHO" are then
/// acronyms, but "THE" in a line of capitals is a stop word.
fn is_acronym(words: &[Word], i: usize) -> bool {
    let shouted = |word: Option<&Word>| word.is_some_and(|word| is_all_capitals(word.text));
    let alone =
        !shouted(i.checked_sub(1).map(|before| &words[before])) && !shouted(words.get(i + 1));
    alone && shouted(Some(&words[i]))
}

fn is_all_capitals(text: &str) -> bool {
    text.chars().nth(1).is_some() && text.chars().all(char::is_uppercase)
}

fn without_possessive(piece: &str) -> &str {
    piece.strip_suffix("'s").or_else(|| piece.strip_suffix("’s")).unwrap_or(piece)
}

/// The gap between two words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    Nothing,
    Space,
    Hyphen,
    /// Characters that end a phrase.
    Phrase,
    /// Characters that end a sentence.
    Sentence,
}

impl Gap {
    /// Returns the gap after `piece` is added to it.
    fn after(self, piece: &str) -> Self {
        match (self, piece) {
            (Self::Sentence, _) => Self::Sentence,
            (_, piece) if piece.contains(['.', '!', '?', '\n', ':', '"', '“', '„', '«', '…']) => {
                Self::Sentence
            }
            (Self::Nothing, " " | "\u{a0}") => Self::Space,
            (Self::Nothing, "-" | "‑") => Self::Hyphen,
            _ => Self::Phrase,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let english = Lexicon::of("en").unwrap();
        let mark = |word: &Word| {
            let joined = if word.joined { "+" } else { "" };
            let stop = if word.content { "" } else { "*" };
            format!("{joined}{}{stop}", word.text)
        };
        words(text, &english, 100).iter().map(mark).collect()
    }

    #[test]
    fn phrases_end_at_punctuation_and_possessives() {
        assert_eq!(
            shown("Britain's e-mail law, the minister said."),
            ["Britain", "e*", "+mail", "+law", "the*", "+minister", "+said*"]
        );
    }

    #[test]
    fn a_place_is_that_of_the_word_without_what_was_taken_off() {
        let french = Lexicon::of("fr").unwrap();
        let text = "Sauver l'espèce";
        let words = words(text, &french, 10);
        assert_eq!(&text[words[1].start..words[1].end()], "espèce");
        assert!(!words[1].joined);
    }

    #[test]
    fn an_acronym_is_no_stop_word_unless_all_is_shouted() {
        assert_eq!(shown("told US firms"), ["told*", "+US", "+firms"]);
        assert_eq!(shown("TOLD US ALL"), ["TOLD*", "+US*", "+ALL*"]);
    }

    #[test]
    fn numbers_carry_no_meaning() {
        assert_eq!(shown("2024 40m 3"), ["2024*", "+40m*", "+3*"]);
    }
}
