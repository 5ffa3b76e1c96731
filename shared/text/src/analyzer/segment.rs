//! The words of a text, by their byte offsets.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::number::Decimal;
use super::unspaced::{dictionary_words, is_hangul, needs_dictionary, syllable_pairs};

/// The longest part, in bytes, that `&` joins to another one.
const MAX_JOINED: usize = 2;

/// Calls `each` with the offsets of every word in `text`, whatever its language.
///
/// Words are those of Unicode (UAX #29), with the exceptions in the table of the module above.
pub(super) fn words(text: &str, mut each: impl FnMut(Range<usize>)) {
    for run in text.split_whitespace() {
        let start = run.as_ptr().addr() - text.as_ptr().addr();
        words_of_run(run, |span| each(start + span.start..start + span.end));
    }
}

/// Calls `each` with the offsets of every word in `run`, which has no white space.
fn words_of_run(run: &str, mut each: impl FnMut(Range<usize>)) {
    let mut pending: Option<Range<usize>> = None;
    for (start, part) in run.unicode_word_indices() {
        let span = start..start + part.len();
        match pending.as_mut().filter(|before| belong_together(run, before, &span)) {
            Some(before) => before.end = span.end,
            None => {
                pending.replace(span).into_iter().for_each(|span| divide(run, span, &mut each));
            }
        }
    }
    pending.into_iter().for_each(|span| divide(run, span, &mut each));
}

/// Returns true if two parts belong to one run of a script without spaces, or to one name (`AT&T`).
fn belong_together(run: &str, before: &Range<usize>, part: &Range<usize>) -> bool {
    match &run[before.end..part.start] {
        "" => needs_dictionary(&run[before.clone()]) && needs_dictionary(&run[part.clone()]),
        "&" => before.len() <= MAX_JOINED && without_ending(&run[part.clone()]).len() <= MAX_JOINED,
        _ => false,
    }
}

/// Returns `part` without the ending of the possessive.
fn without_ending(part: &str) -> &str {
    part.strip_suffix("'s").or_else(|| part.strip_suffix("’s")).unwrap_or(part)
}

/// Calls `each` with the words of one part of `run`.
fn divide(run: &str, span: Range<usize>, each: &mut impl FnMut(Range<usize>)) {
    let part = &run[span.clone()];
    let mut shifted = |word: Range<usize>| each(span.start + word.start..span.start + word.end);
    if needs_dictionary(part) {
        dictionary_words(part, &mut shifted);
    } else if part.contains(is_hangul) {
        korean_words(part, &mut shifted);
    } else if is_whole(part) {
        shifted(0..part.len() + sign_after(part, &run[span.end..]));
    } else {
        split(part, &mut shifted);
    }
}

/// Calls `each` with the words of a part in Hangul, which digits and other letters may stand in:
/// `G20정상회의`.
fn korean_words(part: &str, each: &mut impl FnMut(Range<usize>)) {
    let mut start = 0;
    while let Some(first) = part[start..].chars().next() {
        let rest = &part[start..];
        let same = |letter: char| is_hangul(letter) == is_hangul(first);
        let piece = &rest[..rest.find(|letter| !same(letter)).unwrap_or(rest.len())];
        let mut shifted = |word: Range<usize>| each(start + word.start..start + word.end);
        if is_hangul(first) {
            syllable_pairs(piece, &mut shifted);
        } else if piece.contains(char::is_alphanumeric) && is_whole(piece) {
            shifted(0..piece.len());
        } else {
            split(piece, &mut shifted);
        }
        start += piece.len();
    }
}

/// Returns the length of a sign behind `part` that belongs to it: `C++`, `F#`.
fn sign_after(part: &str, rest: &str) -> usize {
    if rest.starts_with("++") { 2 } else { usize::from(part.len() == 1 && rest.starts_with('#')) }
}

fn is_whole(part: &str) -> bool {
    !part.contains(is_divider) || is_acronym(part) || Decimal::read(part).is_some()
}

fn split(part: &str, each: &mut impl FnMut(Range<usize>)) {
    let mut start = 0;
    for piece in part.split(is_divider) {
        if piece.contains(char::is_alphanumeric) {
            each(start..start + piece.len());
        }
        start += piece.len() + 1;
    }
}

/// Returns true for the ASCII signs that Unicode keeps inside words.
fn is_divider(sign: char) -> bool {
    matches!(sign, '.' | ',' | ':' | ';')
}

/// Returns true for single letters with full stops between them, such as `U.S`.
fn is_acronym(part: &str) -> bool {
    part.split('.').all(|piece| {
        let mut letters = piece.chars();
        letters.next().is_some_and(char::is_alphabetic) && letters.next().is_none()
    })
}
