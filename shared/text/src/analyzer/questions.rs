//! Words that ask, and are no part of the answer: `who`, `wann`, `nedir`.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use super::forms::Forms;
use super::language::{Rules, base_code};
use super::segment;

/// The words that ask, in their written form, by the code of their language.
static WORDS: LazyLock<BTreeMap<&str, HashSet<String>>> = LazyLock::new(|| {
    let lines = include_str!("../../data/question_words.txt").lines();
    let entries =
        lines.filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '));
    entries.map(|(language, words)| (language, written(words, language))).collect()
});

fn written(words: &str, language: &str) -> HashSet<String> {
    let (rules, mut forms, mut found) =
        (Rules::of(Some(language)), Forms::default(), HashSet::new());
    segment::words(words, |span| {
        forms.read(&words[span], &rules);
        found.insert(forms.written().to_owned());
    });
    found
}

/// Returns true if `written` is a word that asks in `language`.
pub(super) fn asks(written: &str, language: &str) -> bool {
    WORDS.get(base_code(language)).is_some_and(|words| words.contains(written))
}
