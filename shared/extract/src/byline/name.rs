//! Decides if a text is the name of one person.

use super::case::in_proper_case;
use super::label::{is_edge, without_label};
use super::place::without_place;
use super::role::{has_role, without_role};
use super::source::{MAX_NAME_CHARS, Source};
use super::words::{BEFORE, COUNTED, NEVER, NOBODY, OTHERS, WEEKDAYS, is_capitalized, lower};

/// The most words of a name. Longer texts are sentences.
const MAX_WORDS: usize = 9;
/// Surnames that are also words of links.
const ODD_SURNAMES: [&str; 4] = ["Read", "More", "Share", "Photo"];
/// Words before those words in links: `Show More`, `5 Min Read`.
const BEFORE_MORE: [&str; 26] = [
    "show", "learn", "see", "load", "find", "know", "discover", "get", "explore", "and", "even",
    "much", "tell", "min", "mins", "minute", "minutes", "long", "must", "quick", "best", "most",
    "good", "short", "also", "please",
];
/// East Asian words for roles that follow a name without a space.
const ROLES_BEHIND: [&str; 8] =
    ["기자", "특파원", "記者", "特派員", "记者", "編集委員", "さん", ", Author"];

/// Returns the name in a text that may also describe the person.
pub(super) fn of(person: &str, source: Source) -> Option<String> {
    let text = without_label(person, source);
    let text = without_role(without_role_behind(text));
    let name = without_place(text).trim_matches(is_edge);
    let is_shown = source != Source::Prose || is_shown_name(name);
    (is_name(name) && is_shown).then(|| in_proper_case(name))
}

/// Removes a role right after the name, and marks at the edges of the name.
fn without_role_behind(name: &str) -> &str {
    let mut name = name.trim_matches(is_edge);
    for role in ROLES_BEHIND {
        name = name.strip_suffix(role).unwrap_or(name).trim_matches(is_edge);
    }
    name
}

/// Returns true if a text that readers see is written as a name. Readers see names with capitals,
/// but a sentence may also start with "By".
fn is_shown_name(name: &str) -> bool {
    let mut words = name.split_whitespace();
    let small = name.split_whitespace().filter(|word| !is_capitalized(word)).count();
    words.next().is_some_and(is_capitalized) && small <= 2 && words.count() <= 5
}

/// Returns true if the words can only be a person's name, as far as they tell. It is asked about
/// texts that may also name a section or a site.
pub(crate) fn is_surely_a_person(name: &str) -> bool {
    let words: Vec<&str> = name.split_whitespace().collect();
    (2..=4).contains(&words.len())
        && !has_role(name)
        && words.iter().all(|word| {
            is_capitalized(word) && word.chars().all(|c| c.is_alphabetic() || ".'’-".contains(c))
        })
}

/// Returns the name without its own initials in front: `JD Jane Doe`.
pub(super) fn without_own_initials(name: &str) -> &str {
    let rest = name.split_once(' ').filter(|(first, rest)| are_initials(first, rest));
    rest.map_or(name, |parts| parts.1)
}

/// Returns true if `letters` are the first letters of the words of `name`.
pub(super) fn are_initials(letters: &str, name: &str) -> bool {
    let count = letters.chars().count();
    let own = name.split_whitespace().filter_map(|word| word.chars().next());
    (2..=4).contains(&count) && name.contains(' ') && own.eq(letters.chars())
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

fn is_name(name: &str) -> bool {
    let chars = name.chars().count();
    let is_slug = name.contains(['-', '_']) && !name.contains(' ') && name.to_lowercase() == name;
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    (2..=MAX_NAME_CHARS).contains(&chars)
        && name.chars().any(char::is_alphabetic)
        && words(name).count() <= MAX_WORDS
        && digits <= 3
        && !is_slug
        && (name.contains(' ') || name.matches('.').count() < 2)
        && !is_other(name)
        && !name.contains("://")
        && !name.contains(['@', '{', '<', '?', '!', '='])
        && (!words(name).any(|word| NEVER.contains(word.as_str())) || has_odd_surname(name))
        && crate::date::published_at(name).is_none()
}

/// Returns true for the names of people who are called Read or More, but not for `Learn More`.
fn has_odd_surname(name: &str) -> bool {
    let parts: Vec<&str> = name.split_whitespace().collect();
    let [given @ .., surname] = parts.as_slice() else { return false };
    (1..=2).contains(&given.len())
        && ODD_SURNAMES.contains(surname)
        && given.iter().all(|word| {
            let plain = lower(word);
            is_capitalized(word)
                && !NEVER.contains(plain.as_str())
                && !BEFORE_MORE.contains(&plain.as_str())
        })
}

/// Returns true for accounts, labels, days, and words for unnamed people.
fn is_other(name: &str) -> bool {
    let lower_name = name.to_lowercase();
    let is_label = BEFORE.iter().any(|label| label.eq_ignore_ascii_case(name));
    let is_count = name.starts_with(|c: char| c.is_ascii_digit())
        && words(name).any(|word| COUNTED.contains(word.as_str()));
    is_label
        || is_count
        || NOBODY.contains(lower_name.as_str())
        || OTHERS.contains(lower_name.as_str())
        || WEEKDAYS.contains(lower(name).as_str())
}
