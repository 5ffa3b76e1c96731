//! The words and marks around names in bylines, in many languages. The words are in `data/names`.
//! Marks stand here, since their spaces count.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::word_list::entries;

macro_rules! list {
    ($name:literal) => {
        LazyLock::new(|| entries(include_str!(concat!("../../data/names/", $name))).collect())
    };
}

/// Words before a name.
pub(super) static BEFORE: LazyLock<Vec<&str>> = list!("before.txt");
/// Words before a name that are also parts of names. They count only in lower case, in texts that
/// readers see.
pub(super) static BEFORE_SHOWN: LazyLock<Vec<&str>> = list!("before_shown.txt");
/// Titles and degrees after a name, which belong to it.
pub(super) static SUFFIXES: LazyLock<HashSet<&str>> = list!("suffixes.txt");
/// Words that no name contains. A text with one is no byline, or is more than a byline.
pub(super) static NEVER: LazyLock<HashSet<&str>> = list!("never.txt");
/// Words for an occupation rather than a person.
pub(super) static ROLES: LazyLock<HashSet<&str>> = list!("roles.txt");
/// Words that specify an occupation.
pub(super) static ROLE_KINDS: LazyLock<HashSet<&str>> = list!("role_kinds.txt");
/// Accounts of software.
pub(super) static NOBODY: LazyLock<HashSet<&str>> = list!("nobody.txt");
/// Agencies.
pub(super) static AGENCIES: LazyLock<HashSet<&str>> = list!("agencies.txt");
/// Words for "and".
pub(super) static AND: LazyLock<HashSet<&str>> = list!("and.txt");
/// Words for "and" that are also parts of names.
pub(super) static BETWEEN: LazyLock<HashSet<&str>> = list!("and_between_names.txt");
/// Words before the place where an author writes.
pub(super) static PLACES: LazyLock<HashSet<&str>> = list!("places.txt");
/// The first words of places whose names have several words.
pub(super) static PLACES_OF_TWO: LazyLock<HashSet<&str>> = list!("places_of_two.txt");
/// Days of the week.
pub(super) static WEEKDAYS: LazyLock<HashSet<&str>> = list!("weekdays.txt");
/// Words after a number that is no part of a name.
pub(super) static COUNTED: LazyLock<HashSet<&str>> = list!("counted.txt");
/// Words for unnamed authors.
pub(super) static OTHERS: LazyLock<HashSet<&str>> = list!("others.txt");
/// Words for the makers of pictures.
pub(super) static CREDITS: LazyLock<HashSet<&str>> = list!("credits.txt");

/// Marks and words between a name and the words about that person.
pub(super) const BREAKS: [&str; 12] =
    [" • ", "·", "⋅", " for ", " – ", " — ", " - ", " // ", " / ", "\u{2022}", " on ", " at "];
/// Words that lead from the names to a date or a time.
pub(super) const LAST: [&str; 16] = [
    "on", "at", "last", "the", "am", "um", "le", "el", "den", "il", "em", "op", "kl", "first",
    "in", "•",
];

/// Returns a word in lower case, without the marks around it.
pub(super) fn lower(word: &str) -> String {
    let is_mark = |c: char| !c.is_alphanumeric() && !matches!(c, '&' | '+');
    word.trim_matches(is_mark).to_lowercase()
}

/// Returns true if the text begins with a letter that is not in lower case.
pub(super) fn is_capitalized(part: &str) -> bool {
    part.chars().find(|c| c.is_alphabetic()).is_some_and(|c| !c.is_lowercase())
}

/// Returns true if the text has letters with case, and none of them is in lower case.
pub(super) fn is_all_capitals(text: &str) -> bool {
    text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase)
}

#[cfg(test)]
mod tests {
    use crate::word_list::assert_each_once;

    #[test]
    fn no_list_has_an_entry_twice() {
        for list in [
            include_str!("../../data/names/before.txt"),
            include_str!("../../data/names/before_shown.txt"),
            include_str!("../../data/names/suffixes.txt"),
            include_str!("../../data/names/never.txt"),
            include_str!("../../data/names/roles.txt"),
            include_str!("../../data/names/role_kinds.txt"),
            include_str!("../../data/names/nobody.txt"),
            include_str!("../../data/names/agencies.txt"),
            include_str!("../../data/names/and.txt"),
            include_str!("../../data/names/and_between_names.txt"),
            include_str!("../../data/names/places.txt"),
            include_str!("../../data/names/places_of_two.txt"),
            include_str!("../../data/names/weekdays.txt"),
            include_str!("../../data/names/counted.txt"),
            include_str!("../../data/names/others.txt"),
            include_str!("../../data/names/credits.txt"),
        ] {
            assert_each_once(list);
        }
    }
}
