//! The spans of a text's sentences. Pure.
//!
//! The boundaries are those of Unicode (UAX #29), except after an abbreviation
//! or an initial: "Dr. Smith of the U.S. Navy" is one sentence.

use courant_article::Span;
use unicode_segmentation::UnicodeSegmentation;

/// Abbreviations after which a capital letter usually goes on with the sentence.
const ABBREVIATIONS: [&str; 41] = [
    "mr", "mrs", "ms", "dr", "prof", "rev", "hon", "sen", "rep", "gov", "gen", "col", "lt", "sgt",
    "capt", "cmdr", "adm", "pres", "st", "jr", "sr", "vs", "no", "nos", "fig", "vol", "al",
    "approx", "dept", "est", "jan", "feb", "aug", "sept", "oct", "nov", "dec", "bzw", "ca", "nr",
    "mme",
];

/// Returns the spans of the sentences of `text` that contain a letter or digit, without
/// surrounding white space, in order, in code points.
pub fn sentences(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut counted = CodePoints::new(text);
    let mut start = None;
    for (at, segment) in text.split_sentence_bound_indices() {
        let first = *start.get_or_insert(at);
        let end = at + segment.len();
        if goes_on(&text[first..end]) && end < text.len() {
            continue;
        }
        start = None;
        let sentence = text[first..end].trim();
        if sentence.contains(char::is_alphanumeric) {
            let lead = text[first..end].len() - text[first..end].trim_start().len();
            let from = counted.before(first + lead);
            spans.push(Span { start: from, end: counted.before(first + lead + sentence.len()) });
        }
    }
    spans
}

/// True if the stop that ends `segment` belongs to an abbreviation or initial.
fn goes_on(segment: &str) -> bool {
    let Some(body) = segment.trim_end_matches([' ', '\u{a0}']).strip_suffix('.') else {
        return false;
    };
    let is_part = |c: char| c.is_alphanumeric() || c == '.';
    let word = body.rsplit(|c| !is_part(c)).next().unwrap_or_default();
    let mut letters = word.chars();
    let is_initial = letters.next().is_some_and(char::is_uppercase) && letters.next().is_none();
    let is_acronym = word.contains('.') && word.split('.').all(|part| part.chars().count() <= 1);
    is_initial || is_acronym || ABBREVIATIONS.contains(&word.to_lowercase().as_str())
}

/// Turns rising byte offsets into code points in one pass.
struct CodePoints<'a> {
    text: &'a str,
    bytes: usize,
    count: u32,
}

impl<'a> CodePoints<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, bytes: 0, count: 0 }
    }

    fn before(&mut self, byte: usize) -> u32 {
        let passed = self.text[self.bytes..byte].chars().count();
        self.count += u32::try_from(passed).unwrap_or(u32::MAX);
        self.bytes = byte;
        self.count
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> Vec<String> {
        let part = |span: Span| {
            text.chars().skip(span.start as usize).take((span.end - span.start) as usize).collect()
        };
        sentences(text).into_iter().map(part).collect()
    }

    #[test]
    fn sentences_end_at_stops_and_line_ends() {
        assert_eq!(
            texts("Prices rose. Who pays?\n\nNobody knows — “yet”!  * * *\nEnde"),
            ["Prices rose.", "Who pays?", "Nobody knows — “yet”!", "Ende"]
        );
    }

    #[test]
    fn abbreviations_and_initials_end_nothing() {
        let text = "Dr. J. Smith of the U.S. Navy met Mrs. Müller. They left.";
        assert_eq!(texts(text), ["Dr. J. Smith of the U.S. Navy met Mrs. Müller.", "They left."]);
    }

    proptest! {
        #[test]
        fn spans_rise_and_stay_within_the_text(text in "(\\PC|[.!? \n]){0,80}") {
            let length = u32::try_from(text.chars().count()).unwrap();
            let mut end = 0;
            for span in sentences(&text) {
                prop_assert!(span.start >= end && span.start < span.end && span.end <= length);
                end = span.end;
            }
        }
    }
}
