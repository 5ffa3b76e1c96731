//! Names of people, out of bylines.

use super::tidy::tidy;
use words::{BEFORE, BEFORE_SHOWN, BETWEEN, BETWEEN_LONG, BREAKS, NEVER, NOBODY, ROLES, SUFFIXES};

mod words;

const MAX_NAME_CHARS: usize = 120;
const MAX_AUTHORS: usize = 20;
/// Longer texts are sentences.
const MAX_WORDS: usize = 9;

/// The source of a text, which decides how much may be taken off it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// A field for the author's name.
    Field,
    /// A text that readers see, marked as a byline.
    Shown,
    /// A text that readers see and that may be a sentence.
    Prose,
}

/// The names in `texts`, each once, in their order; addresses, handles, roles,
/// dates, accounts and slugs are none.
pub(super) fn names_in<'a>(texts: impl Iterator<Item = &'a str>, source: Source) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in texts.flat_map(|text| split(&tidy(text, 6 * MAX_NAME_CHARS), source)) {
        let is_known = names.iter().any(|known| is_same(known, &name));
        if names.len() < MAX_AUTHORS && !is_known {
            names.push(name);
        }
    }
    names
}

/// Returns true if two names differ at most in case, spaces and marks.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let plain = |name: &str| {
        name.chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    plain(one) == plain(other)
}

/// The names in one text.
fn split(text: &str, source: Source) -> Vec<String> {
    let text = without_notes(text);
    let text = without_start(&text, source);
    let text = if source == Source::Field { text } else { without_date(text) };
    let text = BREAKS.iter().fold(text, |text, mark| {
        text.split_once(mark)
            .filter(|parts| {
                let is_word = mark.trim().chars().all(char::is_alphabetic); // "at": not of one word
                !parts.0.trim().is_empty() && (!is_word || parts.0.trim().contains(' '))
            })
            .map_or(text, |parts| parts.0)
    });
    people(text)
        .into_iter()
        .map(|name| without_role(without_start(&name, source)).to_owned())
        .filter(|name| is_name(name) && (source != Source::Prose || is_shown_name(name)))
        .collect()
}

/// Without the day and the month behind the name: `Jane Doe Dec 14`.
fn without_date(text: &str) -> &str {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_day = |word: Option<&&str>| {
        word.is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()))
    };
    let start = words.iter().enumerate().find(|(at, word)| {
        let is_month = crate::date::month(word.trim_matches(['.', ',']));
        is_month.is_some()
            && (is_day(words.get(at + 1))
                || at.checked_sub(1).is_some_and(|at| is_day(words.get(at))))
    });
    let Some((at, word)) = start else { return text };
    let before = at.checked_sub(1).and_then(|at| words.get(at)).filter(|word| is_day(Some(word)));
    let first = before.unwrap_or(word);
    text[..first.as_ptr().addr() - text.as_ptr().addr()].trim_end()
}

/// Without the role that stands right behind the name, and marks at its edges.
fn without_role(name: &str) -> &str {
    let mut name = name.trim_matches(is_edge);
    for role in ["기자", "記者", "特派員", ", Author"] {
        name = name.strip_suffix(role).unwrap_or(name).trim_matches(is_edge);
    }
    name
}

/// Readers see names with capitals; a sentence may start with "By", too.
fn is_shown_name(name: &str) -> bool {
    let mut words = name.split_whitespace();
    let is_word = |word: &str| is_capitalized(word);
    let small = name.split_whitespace().filter(|word| !is_capitalized(word)).count();
    words.next().is_some_and(is_word) && small <= 2 && words.count() <= 5
}

/// Marks at the edges of a name; a full stop may end one.
fn is_edge(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, ',' | ':' | ';' | '-' | '–' | '—' | '|' | '/' | '"' | '*' | '•' | '·')
}

/// Without what stands in brackets.
fn without_notes(text: &str) -> String {
    let mut depth = 0_u32;
    let kept = text.chars().filter(|c| {
        match c {
            '(' | '[' | '（' => depth += 1,
            ')' | ']' | '）' => {
                depth = depth.saturating_sub(1);
                return false;
            }
            _ => {}
        }
        depth == 0
    });
    kept.collect()
}

/// Without "By" and its like, as often as they are there.
fn without_start(text: &str, source: Source) -> &str {
    let mut text = text.trim_matches(is_edge);
    loop {
        let shown: &[&str] = if source == Source::Field { &[] } else { BEFORE_SHOWN.as_slice() };
        let rest = BEFORE
            .iter()
            .filter_map(|start| rest_after(text, start, true))
            .chain(shown.iter().filter_map(|start| rest_after(text, start, false)))
            .min_by_key(|rest| rest.len());
        match rest {
            Some(rest) if rest.len() < text.len() => text = rest,
            _ => return text,
        }
    }
}

/// Returns the text that follows `start` and a space or a colon.
fn rest_after<'a>(text: &'a str, start: &str, any_case: bool) -> Option<&'a str> {
    let mut chars = text.char_indices();
    for expected in start.chars() {
        let (_, found) = chars.next()?;
        let is_same =
            found == expected || any_case && found.to_lowercase().eq(expected.to_lowercase());
        if !is_same {
            return None;
        }
    }
    let rest = chars.as_str();
    let is_word = rest
        .starts_with(|c: char| c.is_whitespace() || matches!(c, ':' | '：' | '/' | '／' | ','))
        || (!start.is_ascii() && !start.chars().any(char::is_lowercase));
    is_word.then(|| rest.trim_start_matches(|c: char| is_edge(c) || matches!(c, '：' | '／')))
}

/// The people named one after the other.
fn people(text: &str) -> Vec<String> {
    let mut pieces = vec![text.to_owned()];
    for mark in BETWEEN {
        pieces = pieces.iter().flat_map(|piece| split_people(piece, mark)).collect();
    }
    for mark in BETWEEN_LONG {
        pieces = pieces.iter().flat_map(|piece| split_long(piece, mark)).collect();
    }
    let pieces: Vec<String> = pieces.into_iter().filter(|piece| !piece.trim().is_empty()).collect();
    pieces.iter().flat_map(|piece| by_commas(piece)).collect()
}

/// At the mark, but not inside a role: `Ann Lee, Home and Garden Editor`.
fn split_people(piece: &str, mark: &str) -> Vec<String> {
    let parts: Vec<&str> = piece.split(mark).collect();
    let has_role_behind = |part: &&str| has_role(part.split(',').next().unwrap_or_default());
    match parts.as_slice() {
        [first, rest @ ..] if first.contains(',') && rest.iter().any(has_role_behind) => {
            vec![piece.to_owned()]
        }
        _ => parts.into_iter().map(str::to_owned).collect(),
    }
}

fn split_long(piece: &str, mark: &str) -> Vec<String> {
    match piece.split_once(mark) {
        Some((one, other)) if one.trim().contains(' ') && other.trim().contains(' ') => {
            vec![one.to_owned(), other.to_owned()]
        }
        _ => vec![piece.to_owned()],
    }
}

/// Parts of an enumeration. Academic titles and "Jr." stay with their name, roles
/// go, and two single words are one name, the family's first.
fn by_commas(piece: &str) -> Vec<String> {
    let parts: Vec<&str> =
        piece.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    let is_inverted = parts.len() == 2
        && !parts[0].contains(' ')
        && parts[1].split(' ').count() <= 2
        && !is_suffix(parts[1])
        && !has_role(parts[1])
        && is_capitalized(parts[1]);
    if is_inverted {
        return vec![parts.join(", ")];
    }
    let mut names: Vec<String> = Vec::new();
    for part in parts {
        match names.last_mut() {
            Some(name) if is_suffix(part) => *name = format!("{name}, {part}"),
            Some(_) if has_role(part) || !is_capitalized(part) => break,
            _ => names.push(part.to_owned()),
        }
    }
    names
}

/// Letters behind a name: `MD`, `Ph.D.`, `CFP®`, `Jr.`.
fn is_suffix(part: &str) -> bool {
    part.split([' ', '-', '/']).filter(|word| !word.is_empty()).all(|word| {
        let letters: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
        let is_listed = SUFFIXES.contains(letters.to_lowercase().as_str());
        let is_short =
            (2..=6).contains(&letters.len()) && letters.bytes().all(|c| c.is_ascii_uppercase());
        is_listed || is_short
    })
}

fn has_role(part: &str) -> bool {
    words(part)
        .any(|word| ROLES.contains(word.as_str()) || ROLES.contains(word.trim_end_matches('s')))
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

fn is_capitalized(part: &str) -> bool {
    part.chars().find(|c| c.is_alphabetic()).is_some_and(|c| !c.is_lowercase())
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
        && !BEFORE.iter().any(|label| label.eq_ignore_ascii_case(name))
        && !name.contains("://")
        && !name.contains(['@', '{', '<', '?', '!', '='])
        && !NOBODY.contains(name.to_lowercase().as_str())
        && !words(name).any(|word| NEVER.contains(word.as_str()))
        && crate::date::published_at(name).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        names_in([text].into_iter(), Source::Shown)
    }

    #[test]
    fn what_surrounds_a_name_goes() {
        for text in [
            "Jane Doe",
            "By Jane Doe",
            "BY JANE DOE",
            "Written by: Jane Doe",
            "Von Jane Doe",
            "di Jane Doe",
            "Par Jane Doe, journaliste",
            "By Jane Doe, Senior Editor",
            "Jane Doe, Home and Garden Editor",
            "Jane Doe 14 Dec 2024",
            "Jane Doe Dec 14",
            "Jane Doe (Reuters)",
            "Jane Doe | March 5, 2024",
            "Jane Doe - Political Correspondent",
            "作者：Jane Doe",
            "Автор: Jane Doe",
        ] {
            let names = read(text);
            assert_eq!(names.len(), 1, "{text}: {names:?}");
            assert!(is_same(&names[0], "Jane Doe"), "{text}: {names:?}");
        }
    }

    #[test]
    fn several_names_are_told_apart() {
        for text in [
            "Jane Doe and John Roe",
            "Jane Doe, John Roe",
            "Jane Doe & John Roe",
            "Jane Doe und John Roe",
            "Jane Doe et John Roe",
            "Jane Doe e John Roe",
            "Jane Doe; John Roe",
            "Jane Doe, and John Roe",
            "By Jane Doe and by John Roe",
        ] {
            assert_eq!(read(text), ["Jane Doe", "John Roe"], "{text}");
        }
    }

    #[test]
    fn titles_and_inverted_names_stay_whole() {
        for name in
            ["John Roe, Jr.", "Jane Doe, MD, PhD", "Roe, John", "Jane Doe, CFP®", "Maria e Silva"]
        {
            assert_eq!(read(name), [name]);
        }
        assert_eq!(read("Ann Doe, MD; John Roe, RD"), ["Ann Doe, MD", "John Roe, RD"]);
    }

    #[test]
    fn what_is_no_name_is_nothing() {
        for text in [
            "",
            "admin",
            "jane.doe@site.example",
            "@janedoe",
            "https://site.example/jane",
            "jane-doe",
            "March 5, 2024",
            "5 comments",
            "Share this article",
            "12345",
        ] {
            assert!(read(text).is_empty(), "{text}: {:?}", read(text));
        }
    }

    #[test]
    fn each_person_is_named_once() {
        assert_eq!(names_in(["JANE DOE", "Jane Doe"].into_iter(), Source::Field), ["JANE DOE"]);
    }
}
