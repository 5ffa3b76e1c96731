//! Formats text for a person, to the width and colours of a terminal, or for a file.

use console::{Style, Term, measure_text_width};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

/// The number of columns if there is no terminal.
const USUAL_COLUMNS: usize = 80;
/// The most columns of a line, for easy reading.
const WIDEST_COLUMNS: usize = 100;
/// The number of digits that identify one article among about ten million.
const SHORT_ID: usize = 12;
/// The medium that text is formatted for.
pub(crate) struct Paper {
    columns: usize,
    /// True if the medium shows colours and bold letters.
    is_styled: bool,
}

impl Paper {
    /// Describes the standard output.
    pub(crate) fn standard_output() -> Self {
        let term = Term::stdout();
        let columns = term.size_checked().map_or(USUAL_COLUMNS, |(_, columns)| columns.into());
        let is_styled = term.is_term() && console::colors_enabled();
        Self { columns: columns.clamp(40, WIDEST_COLUMNS), is_styled }
    }

    /// Describes a medium without styles.
    #[cfg(test)]
    pub(crate) fn plain(columns: usize) -> Self {
        Self { columns, is_styled: false }
    }

    /// Returns `text` in `style` if the medium shows styles, else as it is.
    pub(crate) fn styled(&self, style: &Style, text: &str) -> String {
        if self.is_styled {
            style.clone().force_styling(true).apply_to(text).to_string()
        } else {
            text.to_owned()
        }
    }

    /// Returns `text` with some places in bold letters: start and end of each, in code points, as
    /// an answer has them.
    pub(crate) fn marked(&self, text: &str, places: &[(usize, usize)]) -> String {
        let chars: Vec<char> = text.chars().collect();
        let bold = Style::new().bold();
        let (mut shown, mut done) = (String::with_capacity(text.len()), 0);
        for (start, end) in places {
            let (start, end) = ((*start).max(done), (*end).min(chars.len()));
            if start < end {
                shown.extend(&chars[done..start]);
                let word: String = chars[start..end].iter().collect();
                shown += &self.styled(&bold, &word);
                done = end;
            }
        }
        shown.extend(&chars[done..]);
        shown
    }

    /// Returns `text` in lines that fit, each after `indent` blanks.
    pub(crate) fn wrapped(&self, text: &str, indent: usize) -> String {
        let room = self.columns.saturating_sub(indent).max(20);
        let mut lines: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            match lines.last_mut() {
                Some(line) if measure_text_width(line) + 1 + measure_text_width(word) <= room => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(word.to_owned()),
            }
        }
        let blanks = " ".repeat(indent);
        lines.into_iter().map(|line| format!("{blanks}{line}\n")).collect()
    }
}

/// Returns `answer` without control characters in its texts, except line feeds. Publishers may
/// write them, and a terminal would act on them.
pub(crate) fn harmless(answer: &Value) -> Value {
    match answer {
        Value::String(text) => harmless_text(text).into(),
        Value::Array(items) => items.iter().map(harmless).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), harmless(value))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => answer.clone(),
    }
}

/// Returns `text` without control characters, except line feeds.
pub(crate) fn harmless_text(text: &str) -> String {
    text.replace(|c: char| c.is_control() && c != '\n', " ")
}

/// Returns the first digits of an id, enough for a person to type.
pub(crate) fn short_id(id: &str) -> &str {
    id.get(..SHORT_ID).unwrap_or(id)
}

/// Returns a time of RFC 3339, or a date, in words and in its own zone: `3 November 2026, 14:05`.
/// Returns any other text unchanged.
pub(crate) fn in_words(time: &str) -> String {
    if let Ok(date) = time.parse::<Date>()
        && !time.contains('T')
    {
        return date.strftime("%-d %B %Y").to_string();
    }
    match time.get(..16).map(str::parse::<jiff::civil::DateTime>) {
        Some(Ok(local)) if time.parse::<Timestamp>().is_ok() => {
            local.strftime("%-d %B %Y, %H:%M").to_string()
        }
        _ => time.to_owned(),
    }
}

/// Returns a duration in words, in one unit: `3 hours`.
pub(crate) fn duration_in_words(seconds: f64) -> String {
    let units = [(86_400.0, "day"), (3_600.0, "hour"), (60.0, "minute"), (1.0, "second")];
    let (size, name) = units.into_iter().find(|(size, _)| seconds >= *size).unwrap_or(units[3]);
    let count = (seconds / size).floor();
    if count == 1.0 { format!("1 {name}") } else { format!("{count} {name}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper(columns: usize, is_styled: bool) -> Paper {
        Paper { columns, is_styled }
    }

    #[test]
    fn lines_fit_and_no_word_is_lost() {
        let text = "The ferry ran aground, and \u{1b}[1mdivers\u{1b}[0m cleared the wreck of it.";
        let wrapped = paper(40, true).wrapped(text, 5);
        assert!(wrapped.lines().all(|line| measure_text_width(line) <= 40), "{wrapped}");
        assert!(wrapped.lines().all(|line| line.starts_with("     ")));
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&wrapped), words(text));
    }

    #[test]
    fn places_are_bold_on_a_terminal_alone() {
        let places = [(0, 5), (7, 14), (12, 14), (90, 99)];
        let shown = paper(80, true).marked("Fähre, ferries; the end", &places);
        assert_eq!(shown.matches("\u{1b}[1m").count(), 2, "{shown:?}");
        assert!(shown.contains("\u{1b}[1mFähre\u{1b}[0m, "), "{shown:?}");
        let plain = paper(80, false).marked("Fähre, ferries; the end", &places);
        assert_eq!(plain, "Fähre, ferries; the end");
    }

    #[test]
    fn no_publisher_commands_a_terminal() {
        let answer = serde_json::json!({"hits": [{"title": "a\u{1b}[2Jb\u{9b}c", "score": 1}]});
        let shown = harmless(&answer);
        assert_eq!(shown, serde_json::json!({"hits": [{"title": "a [2Jb c", "score": 1}]}));
        assert_eq!(harmless(&"one\ntwo\r".into()), "one\ntwo ");
    }

    #[test]
    fn times_are_told_in_words() {
        assert_eq!(in_words("2026-11-03T14:05:59Z"), "3 November 2026, 14:05");
        assert_eq!(in_words("2026-11-03T14:05:59+02:00"), "3 November 2026, 14:05");
        assert_eq!(in_words("2026-11-03"), "3 November 2026");
        assert_eq!(in_words("soon"), "soon");
        assert_eq!(duration_in_words(7_300.0), "2 hours");
        assert_eq!(duration_in_words(61.0), "1 minute");
        assert_eq!(duration_in_words(0.2), "0 seconds");
    }
}
