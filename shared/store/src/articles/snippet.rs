//! The stretch of its text that a hit shows.

use super::query::Terms;

/// The longest snippet, in code points, without the marks of omission.
const LENGTH: usize = 240;
/// The part of it before the word that was found.
const LEAD: usize = 60;
/// The part of a text that is searched for it, in code points: the back ends read
/// no more of an article that was found.
pub(crate) const SOURCE: i32 = 20_000;
const OMITTED: &str = "…";

/// The stretch around the first word that the query asks for, or the start of
/// the text. White space is collapsed; words stay whole.
pub(crate) fn snippet(text: &str, terms: &Terms) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let found = first_match(&words, terms).unwrap_or(0);
    let start = lead_in(&words, found);
    let mut out = String::new();
    let mut used = 0;
    let mut end = start;
    for word in &words[start..] {
        let length = word.chars().count() + 1;
        if used + length > LENGTH && end > start {
            break;
        }
        if end > start {
            out.push(' ');
        }
        out.extend(word.chars().take(LENGTH));
        used += length;
        end += 1;
    }
    let before = if start > 0 { OMITTED } else { "" };
    let after = if end < words.len() { OMITTED } else { "" };
    format!("{before}{out}{after}")
}

fn first_match(words: &[&str], terms: &Terms) -> Option<usize> {
    if terms.wanted.is_empty() {
        return None;
    }
    let matcher = terms.matcher();
    words.iter().position(|word| matcher.fits(word))
}

/// The word to begin with, so that at most [`LEAD`] code points stand before
/// the one that was found.
fn lead_in(words: &[&str], found: usize) -> usize {
    let mut start = found;
    let mut used = 0;
    while start > 0 {
        used += words[start - 1].chars().count() + 1;
        if used > LEAD {
            break;
        }
        start -= 1;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_place_that_was_asked_for() {
        let text = format!(
            "{} The harbour\n\n reopened today. {}",
            "filler ".repeat(100),
            "tail ".repeat(100)
        );
        let shown = snippet(&text, &Terms::parse("harbours"));
        assert!(shown.contains("The harbour reopened today."), "{shown}");
        assert!(shown.starts_with('…') && shown.ends_with('…'), "{shown}");
        assert!(shown.chars().count() <= LENGTH + 2, "{shown}");
    }

    #[test]
    fn shows_the_start_where_no_word_is_found() {
        assert_eq!(snippet("  One two. ", &Terms::parse("three")), "One two.");
        assert_eq!(snippet("", &Terms::parse("three")), "");
        assert!(snippet(&"x".repeat(5000), &Terms::parse("")).chars().count() <= LENGTH + 1);
    }
}
