//! The end of a byline: counts of further authors, dates, times, picture credits, and what is said
//! about the authors after a mark.

use super::label::is_edge;
use super::role::is_credit_word;
use super::words::{AND, BETWEEN, BREAKS, COUNTED, LAST, WEEKDAYS, lower};
use crate::date::{Order, date_within, month};
use crate::page::labels::is_word_of_time;

/// Words before "by" and the name of somebody who did not write the article.
const CHECKED: [&str; 12] = [
    "reviewed",
    "checked",
    "fact-checked",
    "edited",
    "researched",
    "verified",
    "approved",
    "illustrated",
    "photographed",
    "illustrations",
    "translated",
    "medically",
];

/// Returns the text up to the end of the names.
pub(super) fn without_tail(text: &str) -> &str {
    let words: Vec<&str> = text.split_whitespace().collect();
    let start = (0..words.len()).find(|at| is_date(&words, *at) || *at > 0 && is_tail(&words, *at));
    let is_checked = start.is_some_and(|at| CHECKED.contains(&lower(words[at]).as_str()));
    let text = start.map_or(text, |at| text[..offset(text, words[at])].trim_end());
    let text = text.strip_suffix('.').filter(|_| is_checked).unwrap_or(text);
    let text = BREAKS.iter().fold(text, |text, mark| {
        text.split_once(mark)
            .filter(|parts| {
                let is_word = mark.trim().chars().all(char::is_alphabetic); // "at": not of one word
                !parts.0.trim().is_empty() && (!is_word || parts.0.trim().contains(' '))
            })
            .map_or(text, |parts| parts.0)
    });
    without_last_words(text.trim_matches(is_edge))
}

/// Returns the index at which `word`, a part of `text`, starts.
fn offset(text: &str, word: &str) -> usize {
    word.as_ptr().addr() - text.as_ptr().addr()
}

/// Returns true if the word begins a date, a time or a count.
fn is_date(words: &[&str], at: usize) -> bool {
    let next = words.get(at + 1).map(|word| lower(word)).unwrap_or_default();
    is_number(words[at], &next) || month(&lower(words[at])).is_some() && starts_with_digit(&next)
}

fn is_tail(words: &[&str], at: usize) -> bool {
    let word = lower(words[at]);
    let next = words.get(at + 1).map(|word| lower(word)).unwrap_or_default();
    let is_apart = words[at - 1].ends_with([',', '-', '–', '—', ':']);
    word == "et" && next == "al"
        || is_count(words[at])
        || is_by(&next) && CHECKED.contains(&word.as_str())
        || is_word_of_time(&word)
        || WEEKDAYS.contains(word.as_str()) && (is_apart || is_date_part(&next))
        || is_credit_word(&word) && (is_apart || words[at].ends_with(':') || is_by(&next))
}

fn is_by(word: &str) -> bool {
    matches!(word, "by" | "von" | "par" | "por" | "di" | "de" | "av" | "af" | "door")
}

fn starts_with_digit(word: &str) -> bool {
    word.starts_with(char::is_numeric)
}

fn is_date_part(word: &str) -> bool {
    starts_with_digit(word) || month(word).is_some()
}

/// Returns true if a number counts further authors, or is part of a date or time.
fn is_number(word: &str, next: &str) -> bool {
    let plain = word.trim_matches(|c: char| c == '+' || is_edge(c));
    if !starts_with_digit(plain) {
        return false;
    }
    let is_clock = plain.chars().any(|c| matches!(c, ':' | '.' | 'h'))
        && plain.chars().filter(|c| c.is_numeric()).count() >= 2;
    let is_year = plain.len() == 4 && (plain.starts_with("19") || plain.starts_with("20"));
    let is_counted = plain.chars().all(char::is_numeric) && COUNTED.contains(next);
    let is_day = month(next).is_some();
    is_clock || is_year || is_counted || is_day || date_within(plain, Order::DayFirst).is_some()
}

/// Returns true for `外2名` and `+2`.
fn is_count(word: &str) -> bool {
    let rest = word.strip_prefix(['外', '他', '+']).or_else(|| word.strip_prefix("ほか"));
    rest.is_some_and(starts_with_digit)
}

/// Removes words at the end that only lead to the tail: "and", "on", "last".
fn without_last_words(mut text: &str) -> &str {
    while let Some((before, word)) = text.rsplit_once(char::is_whitespace) {
        let word = lower(word);
        let leads = word.is_empty()
            || LAST.contains(&word.as_str())
            || AND.contains(word.as_str()) && word != "dan"
            || BETWEEN.contains(word.as_str()) && word.chars().count() == 1;
        if !leads {
            break;
        }
        text = before.trim_matches(is_edge);
    }
    text
}
