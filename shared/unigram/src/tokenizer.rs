//! The tokenizer: words in, pieces out.

use crate::normal::Normalization;
use crate::path::{Tokens, Word};
use crate::pieces::Pieces;

/// Stands at the start of each word.
const WORD_START: char = '\u{2581}';

/// A tokenizer.
#[derive(Debug)]
pub struct Unigram {
    pieces: Pieces,
    unknown_score: f64,
    normalization: Normalization,
    before: Vec<u32>,
    after: Vec<u32>,
}

impl Unigram {
    /// `before` and `after`: the ids around a text's own.
    pub(crate) fn new(
        pieces: Pieces,
        normalization: Normalization,
        before: Vec<u32>,
        after: Vec<u32>,
    ) -> Self {
        let unknown_score = pieces.unknown_score();
        Self { pieces, unknown_score, normalization, before, after }
    }

    /// Returns the ids that stand before a text's own.
    pub fn before(&self) -> &[u32] {
        &self.before
    }

    /// Returns the ids that stand behind a text's own.
    pub fn after(&self) -> &[u32] {
        &self.after
    }

    /// Returns the tokens of a text. Takes time and memory in proportion to its length.
    pub fn tokens(&self, text: &str) -> Tokens {
        let mut tokens = Tokens::default();
        let mut word = Word::default();
        // False behind white space, where a word needs its mark.
        let mut is_continued = false;
        for placed in self.normalization.apply(text) {
            let is_space = placed.char.is_whitespace();
            if is_space || placed.char == WORD_START {
                self.finish(&mut word, &mut tokens);
            } else if word.is_empty() && !is_continued {
                word.push(WORD_START, placed.span);
            }
            if !is_space {
                word.push(placed.char, placed.span);
            }
            is_continued = !is_space;
        }
        self.finish(&mut word, &mut tokens);
        tokens
    }

    fn finish(&self, word: &mut Word, tokens: &mut Tokens) {
        if !word.is_empty() {
            word.append_best_path(&self.pieces, self.unknown_score, tokens);
            word.clear();
        }
    }
}
