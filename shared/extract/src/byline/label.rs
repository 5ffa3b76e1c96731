//! The words and marks before a name.

use super::source::Source;
use super::words::{BEFORE, BEFORE_SHOWN, WEEKDAYS, lower};
use crate::date::{Order, date_within, month};

/// Words between a date and the name that follows it.
const BEHIND_DATE: [&str; 7] = [" by ", " von ", " par ", " por ", " door ", " av ", " af "];

/// Marks between a date and the name that follows it.
const MARKS: [&str; 5] = [" · ", " • ", " — ", " – ", " - "];

/// Returns true for marks at the edges of a name; a full stop may end one.
pub(super) fn is_edge(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, ',' | ':' | ';' | '-' | '–' | '—' | '|' | '/' | '"' | '*' | '•' | '·')
        || matches!(c, '“' | '”' | '：' | '／' | '\u{200e}' | '\u{200f}')
}

/// Returns the text without the parts in brackets.
pub(super) fn without_notes(text: &str) -> String {
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

/// Returns the text without "By" and similar words at its start, however often they are repeated.
pub(super) fn without_label(text: &str, source: Source) -> &str {
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
    is_word.then(|| rest.trim_start_matches(is_edge))
}

/// Returns the names of `March 5, 2024 by Jane Doe`. Any other text stays as it is.
pub(super) fn behind_date(text: &str) -> &str {
    let parts = BEHIND_DATE.iter().chain(&MARKS).filter_map(|word| text.split_once(word));
    let dated = parts.filter(|parts| starts_with_date(parts.0));
    dated.map(|parts| parts.1).min_by_key(|rest| rest.len()).unwrap_or(text)
}

/// Returns the text behind the date that begins it: `Dec 17, 2025 Jane Doe`.
pub(super) fn without_date_before(text: &str) -> &str {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_part = |word: &&str| {
        is_numeric(word) || month(&lower(word)).is_some() || WEEKDAYS.contains(lower(word).as_str())
    };
    let is_year = |word: &&str| word.trim_end_matches([',', '·']).len() == 4 && is_numeric(word);
    let before = words.iter().take_while(|word| is_part(word)).position(is_year);
    match before.and_then(|year| words.get(year + 1)) {
        Some(first) if starts_with_date(text) => {
            &text[first.as_ptr().addr() - text.as_ptr().addr()..]
        }
        _ => text,
    }
}

fn is_numeric(word: &str) -> bool {
    word.starts_with(char::is_numeric)
}

/// Returns true if the text starts with a date. A weekday or a word for publishing may stand before
/// the date.
fn starts_with_date(text: &str) -> bool {
    date_within(text, Order::DayFirst)
        .is_some_and(|(before, _)| before.split_whitespace().count() <= 2)
}
