//! Splits a text that names several people.

use super::role::{ends_with_role, has_role, is_agency, is_credit};
use super::words::{
    AND, BETWEEN, PLACES, PLACES_OF_TWO, SUFFIXES, is_all_capitals, is_capitalized, lower,
};

/// Returns the text of each person: the name, and the words about that person.
pub(super) fn split(text: &str) -> Vec<String> {
    let capitals = is_all_capitals(text);
    let pieces = at_words(text, capitals);
    pieces.iter().flat_map(|piece| at_commas(piece, capitals)).collect()
}

/// Splits the text at the words for "and".
fn at_words(text: &str, capitals: bool) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut pieces: Vec<String> = Vec::new();
    let mut start = 0;
    for at in 0..words.len() {
        let is_written_so = capitals || !words[at].starts_with(char::is_uppercase);
        if at >= start && is_written_so && is_mark(&words, start, at) {
            pieces.push(words[start..at].join(" "));
            start = at + 1;
        }
    }
    pieces.push(words[start..].join(" "));
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// Returns true if the word at `at` separates two people. The first begins at `start`.
fn is_mark(words: &[&str], start: usize, at: usize) -> bool {
    let word = lower(words[at]);
    let (left, right) = (&words[start..at], &words[at + 1..]);
    if AND.contains(word.as_str()) {
        return !is_in_role(left, right);
    }
    let is_long = |count: usize| count >= 2;
    BETWEEN.contains(word.as_str())
        && is_long(left.iter().rev().take_while(|word| !word.ends_with(',')).count())
        && is_long(count_to_mark(right))
        && !(PLACES.contains(word.as_str()) && is_place_of_two(right))
}

/// Returns the number of words up to the next comma or word for "and".
fn count_to_mark(words: &[&str]) -> usize {
    let own = words.iter().take_while(|word| !AND.contains(lower(word).as_str()));
    own.clone().position(|word| word.ends_with(',')).map_or_else(|| own.count(), |at| at + 1)
}

pub(super) fn is_place_of_two(words: &[&str]) -> bool {
    words.first().is_some_and(|word| PLACES_OF_TWO.contains(lower(word).as_str()))
}

/// Returns true if "and" stands in a role: `Ann Lee, Home and Garden Editor`.
fn is_in_role(left: &[&str], right: &[&str]) -> bool {
    let (left, right) = (left.join(" "), right.join(" "));
    let Some((_, said)) = left.rsplit_once(',') else { return false };
    let is_unfinished = has_role(said) && !ends_with_role(said);
    is_unfinished || has_role(right.split(',').next().unwrap_or_default()) && !ends_with_role(said)
}

/// Splits an enumeration at its commas. Academic titles and "Jr." stay with their name. Roles and
/// places are removed. Two single words are one name with the family name first.
fn at_commas(piece: &str, capitals: bool) -> Vec<String> {
    let parts: Vec<&str> =
        piece.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    if is_inverted(&parts) {
        return vec![parts.join(", ")];
    }
    let mut names: Vec<String> = Vec::new();
    for part in parts {
        match names.last_mut() {
            Some(name) if is_suffix(part, capitals) && !is_agency(part) => {
                *name = format!("{name}, {part}");
            }
            Some(_) if has_role(part) || is_credit(part) || !is_capitalized(part) => break,
            Some(name) if name.contains(' ') && is_place(part) => {}
            _ => names.push(part.to_owned()),
        }
    }
    names
}

/// Returns true for a single word after a name of several words, as in `Jane Doe, Berlin`, and for
/// the names of places that have several words.
fn is_place(part: &str) -> bool {
    let words: Vec<&str> = part.split_whitespace().collect();
    let has_case = part.chars().any(|c| c.is_lowercase() || c.is_uppercase());
    has_case && words.len() == 1 || words.len() <= 3 && is_place_of_two(&words)
}

fn is_inverted(parts: &[&str]) -> bool {
    let [family, given] = parts else { return false };
    let has_case = |part: &str| part.chars().any(char::is_lowercase);
    !family.contains(' ')
        && given.split(' ').count() <= 2
        && !is_suffix(given, false)
        && !has_role(given)
        && is_capitalized(given)
        && has_case(family)
        && has_case(given)
}

/// Returns true for letters after a name: `MD`, `Ph.D.`, `CFP®`, `Jr.`.
fn is_suffix(part: &str, capitals: bool) -> bool {
    part.split([' ', '-', '/']).filter(|word| !word.is_empty()).all(|word| {
        let letters: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
        let is_listed = SUFFIXES.contains(letters.to_lowercase().as_str());
        let is_short =
            (2..=6).contains(&letters.len()) && letters.bytes().all(|c| c.is_ascii_uppercase());
        is_listed || is_short && !capitals
    })
}
