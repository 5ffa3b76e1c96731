//! The stem that the grammatical forms of a word share.

use std::borrow::Cow;

use super::language::Rules;

/// The fewest bytes of a stem. Two letters of ASCII are a word of another language: `ob`, which
/// one stemmer makes of `obama`. In other scripts they are rarely shared.
const MIN_BYTES: usize = 3;

/// Returns the stem of `word`, which is in lower case and has its marks. Words with digits and
/// those with a very short stem are their own stems.
pub(super) fn stem<'a>(word: &'a str, rules: &Rules) -> Cow<'a, str> {
    let Some(stemmer) = &rules.stemmer else { return Cow::Borrowed(word) };
    if word.contains(|letter: char| letter.is_ascii_digit()) {
        return Cow::Borrowed(word);
    }
    let stem = stemmer.stem(word);
    if stem.len() >= MIN_BYTES { stem } else { Cow::Borrowed(word) }
}
