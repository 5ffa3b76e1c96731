//! The two forms of a word.

use super::language::{Letters, Rules};
use super::{fold, stem};

/// The sign behind a form without marks in a language that tells words apart by them. It keeps the
/// form of `là` apart from the word `la`.
const UNMARKED: char = '*';

/// The forms of one word, in buffers that serve one word after another.
#[derive(Default)]
pub(super) struct Forms {
    marked: String,
    written: String,
    stem: String,
}

impl Forms {
    /// Reads `word`, a word of a text in the language of `rules`.
    pub(super) fn read(&mut self, word: &str, rules: &Rules) {
        fold::with_marks(word, rules, &mut self.marked);
        fold::without_marks(&self.marked, rules.letters, &mut self.written);
        let stem = stem::stem(&self.marked, rules);
        fold::without_marks(&stem, Letters::Only(""), &mut self.stem);
        if rules.letters.tell_words_apart() && !self.stem.is_empty() {
            self.stem.push(UNMARKED);
        }
    }

    /// Returns the folded form. It is empty if the word has no visible character.
    pub(super) fn written(&self) -> &str {
        &self.written
    }

    /// Returns the stem without marks. Returns `None` if it equals the written form.
    pub(super) fn stem(&self) -> Option<&str> {
        (self.stem != self.written && !self.stem.is_empty()).then_some(&self.stem)
    }
}
