//! The stem that the grammatical forms of a word share.

use std::borrow::Cow;

use super::language::Rules;

/// Returns the stem of `word`, which is in lower case and has its marks. Words with digits are
/// their own stems.
pub(super) fn stem<'a>(word: &'a str, rules: &Rules) -> Cow<'a, str> {
    match &rules.stemmer {
        Some(stemmer) if !word.contains(|letter: char| letter.is_ascii_digit()) => {
            stemmer.stem(word)
        }
        _ => Cow::Borrowed(word),
    }
}
