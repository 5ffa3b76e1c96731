//! Names in capital letters.

use super::words::{SUFFIXES, is_all_capitals};

/// Words inside a name that are written in lower case.
const PARTICLES: [&str; 24] = [
    "van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "das", "do", "la", "le",
    "el", "al", "bin", "bint", "ibn", "ter", "ten", "zu", "y", "e",
];

/// Returns the name as it is written in running text, if all of its letters are capitals and it
/// has several words.
pub(super) fn in_proper_case(name: &str) -> String {
    if !is_all_capitals(name) || !name.contains(' ') {
        return name.to_owned();
    }
    let words = name.split(' ').enumerate();
    words.map(|(at, word)| word_in_proper_case(word, at == 0)).collect::<Vec<_>>().join(" ")
}

fn word_in_proper_case(word: &str, is_first: bool) -> String {
    let small = word.to_lowercase();
    let letters: String = small.chars().filter(|c| c.is_alphabetic()).collect();
    let is_vowel = |c: char| "aeiouyäöüåøæáéíóú".contains(c);
    let is_initials =
        word.contains('.') || letters.chars().count() <= 3 && !letters.contains(is_vowel);
    let is_suffix = SUFFIXES.contains(letters.as_str())
        && !matches!(letters.as_str(), "jr" | "sr" | "do" | "ma" | "dc");
    match () {
        () if !is_first && PARTICLES.contains(&small.as_str()) => small,
        () if matches!(letters.as_str(), "jr" | "sr") => capitalized(&small),
        () if word.is_ascii() && (is_initials || is_suffix) => word.to_owned(),
        () => capitalized(&small),
    }
}

/// Puts capitals at the start, after hyphens and apostrophes, and after "Mc".
fn capitalized(small: &str) -> String {
    let mut capitalized = String::with_capacity(small.len());
    let mut is_start = true;
    for c in small.chars() {
        if is_start {
            capitalized.extend(c.to_uppercase());
        } else {
            capitalized.push(c);
        }
        let is_mc = capitalized == "Mc" && small.chars().count() > 3;
        is_start = matches!(c, '-' | '\'' | '’') || is_mc;
    }
    capitalized
}
