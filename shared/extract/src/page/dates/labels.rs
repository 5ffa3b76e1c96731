//! The words that state the meaning of a shown date. They are in `data/dates`.

use std::sync::LazyLock;

use crate::word_list::entries;

macro_rules! list {
    ($name:literal) => {
        LazyLock::new(|| entries(include_str!(concat!("../../../data/dates/", $name))).collect())
    };
}

/// The most words of a heading that is a label. Headlines have more.
const MAX_LABEL_WORDS: usize = 3;

/// Words for a date of any kind. It is the publishing date unless another word follows.
const DATE: [&str; 5] = ["date", "datum", "fecha", "data:", "dato"];

static PUBLISHED: LazyLock<Vec<&str>> = list!("published.txt");
static UPDATED: LazyLock<Vec<&str>> = list!("updated.txt");
static OTHER: LazyLock<Vec<&str>> = list!("other.txt");

/// Returns true if the text begins with a word for publishing.
pub(crate) fn is_published(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    PUBLISHED.iter().chain(&DATE).any(|word| text.starts_with(word))
}

/// Returns true if the text is only a word for publishing.
pub(crate) fn is_label(text: &str) -> bool {
    is_published(text) && text.split_whitespace().count() <= MAX_LABEL_WORDS
}

/// Returns true if the text says that its date is that of a change.
pub(crate) fn is_updated(text: &str) -> bool {
    let text = text.to_lowercase();
    UPDATED.iter().any(|word| text.contains(word))
}

/// Returns true if the text says that its date is not the publishing date.
pub(crate) fn is_other(text: &str) -> bool {
    let lower = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    // "born" is no word of "Osborne".
    let begins = |word: &&str| {
        lower.match_indices(*word).any(|(at, _)| {
            !lower[..at].ends_with(char::is_alphabetic) && !is_surname(text, &lower, at)
        })
    };
    !has(&PUBLISHED) && (has(&UPDATED) || OTHER.iter().any(begins))
}

/// Returns true if the word at `at` is the surname in a byline: `By Max Born`. `lower` is the text
/// in lower case.
fn is_surname(text: &str, lower: &str, at: usize) -> bool {
    let Some(word) = text.get(at..).filter(|_| text.len() == lower.len()) else { return false };
    let given = text[..at].split_whitespace().next_back().unwrap_or_default();
    lower.starts_with("by ")
        && [word, given].iter().all(|name| name.starts_with(char::is_uppercase))
}

/// Returns true if the word means publishing or a change. The word is in lower case.
pub(crate) fn is_word_of_time(word: &str) -> bool {
    PUBLISHED.contains(&word) || UPDATED.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::word_list::assert_each_once;

    #[test]
    fn no_list_has_an_entry_twice() {
        assert_each_once(include_str!("../../../data/dates/published.txt"));
        assert_each_once(include_str!("../../../data/dates/updated.txt"));
        assert_each_once(include_str!("../../../data/dates/other.txt"));
    }

    #[test]
    fn labels_are_known_in_many_languages() {
        for text in
            ["Published 5 May", "Veröffentlicht am", "— Publié le", "تاريخ النشر:", "发布时间"]
        {
            assert!(is_published(text) && !is_other(text), "{text}");
        }
        for text in ["Last updated:", "Aktualisiert am", "Обновлено", "© 2024", "Copyright"]
        {
            assert!(is_other(text) && !is_published(text), "{text}");
        }
        assert!(is_updated("Mis à jour le") && !is_updated("le 5 mai"));
    }

    #[test]
    fn a_word_within_a_name_says_nothing() {
        assert!(!is_other("By Kate Osborne | ") && !is_other("By Max Born | "));
        assert!(is_other("Born ") && is_other("Updated: "));
    }
}
