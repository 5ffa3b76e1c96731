//! Analyzed words as one text, which the index's tokenizer takes apart again.
//!
//! The analyzer knows the language of an article, a tokenizer of the index does not. Words that
//! are handed over one by one go through JSON, which takes more time than to index them.

use courant_text::analyzer::{Word, analyze};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// The name by which fields of words ask for [`WordTokenizer`].
pub(crate) const TOKENIZER: &str = "analyzed";

/// The marks before a token. No word has a control character.
const NEXT: char = '\u{1f}';
const SAME_PLACE: char = '\u{1e}';
const GAP: char = '\u{1d}';

/// Positions between two parts of a field, so that no phrase reaches from one into the other.
const GAP_POSITIONS: usize = 64;

/// Returns the words of some parts, each as written and with its stem at the same position;
/// empty if there are none.
pub(crate) fn joined<'a>(
    parts: impl IntoIterator<Item = &'a str>,
    language: Option<&str>,
) -> String {
    let mut joined = String::new();
    for part in parts {
        let start = joined.len();
        analyze(part, language, |word| push(&mut joined, &word));
        if joined.len() > start && start > 0 {
            joined.insert(start, GAP);
        }
    }
    joined
}

fn push(joined: &mut String, word: &Word<'_>) {
    joined.push(NEXT);
    joined.push_str(&word.written);
    if let Some(stem) = &word.stem {
        joined.push(SAME_PLACE);
        joined.push_str(stem);
    }
}

/// Takes apart what [`joined`] made.
#[derive(Clone, Debug, Default)]
pub(crate) struct WordTokenizer(Token);

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = Words<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Words<'a> {
        self.0.reset();
        Words { rest: text, next_position: 0, token: &mut self.0 }
    }
}

/// The tokens of a text.
pub(crate) struct Words<'a> {
    /// The marks and words that were not read yet.
    rest: &'a str,
    next_position: usize,
    token: &'a mut Token,
}

impl TokenStream for Words<'_> {
    fn advance(&mut self) -> bool {
        let mut chars = self.rest.chars();
        let Some(mark) = chars.next() else { return false };
        let rest = match mark {
            GAP => {
                self.next_position += GAP_POSITIONS;
                self.rest = chars.as_str();
                return self.advance();
            }
            NEXT => {
                self.token.position = self.next_position;
                self.next_position += 1;
                chars.as_str()
            }
            _ => chars.as_str(),
        };
        let end = rest.find([NEXT, SAME_PLACE, GAP]).unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        self.token.text.clear();
        self.token.text.push_str(word);
        self.rest = rest;
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(parts: &[&str], language: Option<&str>) -> Vec<(usize, String)> {
        let joined = joined(parts.iter().copied(), language);
        let mut tokens = Vec::new();
        let mut tokenizer = WordTokenizer::default();
        tokenizer
            .token_stream(&joined)
            .process(&mut |token| tokens.push((token.position, token.text.clone())));
        tokens
    }

    #[test]
    fn a_stem_stands_at_the_place_of_its_word() {
        let expected = [(0, "ferries"), (0, "ferri"), (1, "sank"), (65 + 1, "port")];
        let expected = expected.map(|(position, word)| (position, word.to_owned()));
        assert_eq!(tokens(&["Ferries sank", "", "port"], Some("en")), expected);
    }

    #[test]
    fn without_words_there_are_no_tokens() {
        assert_eq!(joined(["", " … "], None), "");
        assert_eq!(tokens(&[], None), []);
    }

    #[test]
    fn marks_in_a_text_are_no_marks() {
        let expected = [(0, "a".to_owned()), (1, "b".to_owned())];
        assert_eq!(tokens(&["a\u{1e}\u{1d}\u{1f}b"], None), expected);
    }
}
