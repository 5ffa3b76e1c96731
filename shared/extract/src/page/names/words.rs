//! The words and marks around names in bylines, in many languages. The words are in
//! `data/names`; marks, whose spaces count, stand here.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::word_list::entries;

macro_rules! list {
    ($name:literal) => {
        LazyLock::new(|| entries(include_str!(concat!("../../../data/names/", $name))).collect())
    };
}

/// Words before the name.
pub(super) static BEFORE: LazyLock<Vec<&str>> = list!("before.txt");
/// The same, but also parts of names: only in what readers see, in lower case.
pub(super) static BEFORE_SHOWN: LazyLock<Vec<&str>> = list!("before_shown.txt");
/// Titles and degrees behind a name, which belong to it.
pub(super) static SUFFIXES: LazyLock<HashSet<&str>> = list!("suffixes.txt");
/// Words that no name has; texts with them are no byline, or say more than one.
pub(super) static NEVER: LazyLock<HashSet<&str>> = list!("never.txt");
/// Words for an occupation, not for a person.
pub(super) static ROLES: LazyLock<HashSet<&str>> = list!("roles.txt");
/// Accounts of software.
pub(super) static NOBODY: LazyLock<HashSet<&str>> = list!("nobody.txt");

/// Marks and words between two names.
pub(super) const BETWEEN: [&str; 16] = [
    " and ", " und ", " et ", " og ", " och ", " & ", " y ", " ve ", " и ", " și ", " with ",
    " mit ", "、", "，", "; ", " + ",
];
/// The same, but also letters of names: only between two names of several words.
pub(super) const BETWEEN_LONG: [&str; 7] = [" e ", " i ", " en ", " a ", " ja ", " és ", " in "];
/// Marks and words between a name and what is said about it.
pub(super) const BREAKS: [&str; 14] = [
    " | ", "|", " • ", "·", "⋅", " for ", " – ", " — ", " - ", " // ", " / ", "\u{2022}", " on ",
    " at ",
];

#[cfg(test)]
mod tests {
    use crate::word_list::assert_each_once;

    #[test]
    fn no_list_has_an_entry_twice() {
        assert_each_once(include_str!("../../../data/names/before.txt"));
        assert_each_once(include_str!("../../../data/names/before_shown.txt"));
        assert_each_once(include_str!("../../../data/names/suffixes.txt"));
        assert_each_once(include_str!("../../../data/names/never.txt"));
        assert_each_once(include_str!("../../../data/names/roles.txt"));
        assert_each_once(include_str!("../../../data/names/nobody.txt"));
    }
}
