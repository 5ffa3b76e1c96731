//! A stretch of a text's words.

use std::ops::Range;

use super::words::Word;
use courant_article::Span;

/// Returns the place of some of a text's words, and the text there.
///
/// # Panics
/// If `range` is empty or has no such words.
pub fn stretch<'a>(text: &'a str, words: &[Word<'_>], range: &Range<usize>) -> (Span, &'a str) {
    let (first, last) = (&words[range.start], &words[range.end - 1]);
    let span = Span { start: first.span.start, end: last.span.end };
    (span, &text[offset(text, first)..offset(text, last) + last.text.len()])
}

/// The byte at which a word of `text` starts.
fn offset(text: &str, word: &Word<'_>) -> usize {
    word.text.as_ptr().addr() - text.as_ptr().addr()
}
