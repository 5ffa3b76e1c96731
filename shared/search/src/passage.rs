//! The part of a text that a hit shows.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::ops::Range;

use courant_text::analyzer::{QueryWord, analyze};
use serde::{Deserialize, Serialize};

/// The longest passage, in code points, without the marks of omission.
const LENGTH: usize = 240;
const OMITTED: char = '…';

/// A part of a text, and the places of the query's words in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// The part, with single spaces for white space. `…` stands for text before or behind it.
    pub text: String,
    /// The places of words of the query, in code points of `text`, in ascending order.
    pub highlights: Vec<(usize, usize)>,
}

/// The words of a query, to find them in texts.
pub(crate) struct Wanted {
    /// The words, by the forms that match them.
    forms: HashMap<String, usize>,
}

impl Wanted {
    pub(crate) fn of(words: &[QueryWord]) -> Self {
        let forms = words
            .iter()
            .enumerate()
            .flat_map(|(word, forms)| forms.forms.iter().map(move |form| (form.clone(), word)));
        Self { forms: forms.collect() }
    }

    /// The places of wanted words in a text: which word, and its bytes.
    fn places(&self, text: &str, language: Option<&str>) -> Vec<(usize, Range<usize>)> {
        let mut places = Vec::new();
        if self.forms.is_empty() {
            return places;
        }
        analyze(text, language, |word| {
            let stem = word.stem.as_deref().and_then(|stem| self.forms.get(stem));
            if let Some(wanted) = self.forms.get(word.written.as_ref()).or(stem) {
                places.push((*wanted, word.span));
            }
        });
        places
    }

    /// Returns the best passage: the one with the most different words of the query, then the
    /// one that has them closest together, then the first. A word counts less the more often the
    /// text has it. A text without them gives its start.
    pub(crate) fn passage(&self, text: &str, language: Option<&str>) -> Passage {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let places = self.places(&text, language);
        let range = cut(&text, &best_window(&places));
        let before = if range.start > 0 { "…" } else { "" };
        let mut shown = format!("{before}{}", &text[range.clone()]);
        if range.end < text.len() {
            shown.push(OMITTED);
        }
        let inside = places.into_iter().map(|(_, place)| place);
        let inside = inside.filter(|place| place.start >= range.start && place.end <= range.end);
        let code_points = |place: Range<usize>| {
            let chars = |bytes: Range<usize>| text[bytes].chars().count();
            let start = before.chars().count() + chars(range.start..place.start);
            (start, start + chars(place))
        };
        Passage { highlights: inside.map(code_points).collect(), text: shown }
    }

    /// Returns the whole text with the places of the words.
    pub(crate) fn marked(&self, text: &str, language: Option<&str>) -> Passage {
        let code_points = |place: Range<usize>| {
            let start = text[..place.start].chars().count();
            (start, start + text[place].chars().count())
        };
        let places = self.places(text, language).into_iter();
        let highlights = places.map(|(_, place)| code_points(place)).collect();
        Passage { text: text.to_owned(), highlights }
    }
}

/// The bytes from the first to the last word of the best window.
fn best_window(places: &[(usize, Range<usize>)]) -> Range<usize> {
    let mut times: HashMap<usize, f32> = HashMap::new();
    places.iter().for_each(|(word, _)| *times.entry(*word).or_default() += 1.0);
    let mut best = (0.0, 0..0);
    let mut window: VecDeque<&(usize, Range<usize>)> = VecDeque::new();
    for place in places {
        window.push_back(place);
        // Bytes are at least as many as code points: what fits in bytes fits.
        while window.front().is_some_and(|first| place.1.end - first.1.start > LENGTH) {
            window.pop_front();
        }
        while window
            .front()
            .is_some_and(|first| window.iter().skip(1).any(|next| next.0 == first.0))
        {
            window.pop_front();
        }
        let Some(first) = window.front() else { continue };
        // In the order of the words, so that equal windows have equal sums.
        let different: BTreeSet<usize> = window.iter().map(|(word, _)| *word).collect();
        let worth: f32 = different.iter().map(|word| 1.0 / times[word]).sum();
        let bytes = first.1.start..place.1.end;
        if worth > best.0 || (worth == best.0 && bytes.len() < best.1.len()) {
            best = (worth, bytes);
        }
    }
    best.1
}

/// The passage around a window: it begins with a word, and ends with one. As much text stands
/// before the window as behind it, if there is so much.
fn cut(text: &str, window: &Range<usize>) -> Range<usize> {
    let behind = text.len() - window.start;
    let lead = (LENGTH.saturating_sub(window.len()) / 2).max(LENGTH.saturating_sub(behind));
    let start = start_before(text, window.start, lead);
    let mut end = start;
    let mut used = 0;
    for word in text[start..].split_inclusive(' ') {
        used += word.chars().count();
        if used > LENGTH + 1 && end > start {
            break;
        }
        end += word.len();
    }
    if used > LENGTH + 1 && end - start > 4 * LENGTH {
        // One word without an end.
        let chars = text[start..].char_indices().nth(LENGTH);
        end = chars.map_or(text.len(), |(at, _)| start + at);
    }
    start..start + text[start..end].trim_end().len()
}

/// The start of a word, at most `lead` bytes before `first`.
fn start_before(text: &str, first: usize, lead: usize) -> usize {
    if first <= lead {
        return 0;
    }
    let earliest = text.ceil_char_boundary(first - lead);
    let lead = &text[earliest..first];
    match lead.find([' ', '\u{3000}', '。']) {
        Some(space) => {
            let rest = &lead[space..];
            earliest + space + rest.chars().next().map_or(0, char::len_utf8)
        }
        None => earliest,
    }
}

#[cfg(test)]
mod tests {
    use courant_text::analyzer::query_words;

    use super::*;

    fn passage(text: &str, query: &str) -> Passage {
        Wanted::of(&query_words(query, &["en"])).passage(text, Some("en"))
    }

    #[test]
    fn the_best_part_is_shown_with_the_places_of_the_words() {
        let text = format!(
            "A harbour. {} The harbour\n\n reopened today. {}",
            "filler ".repeat(100),
            "tail ".repeat(100)
        );
        let shown = passage(&text, "harbour reopened");
        assert!(shown.text.contains("The harbour reopened today."), "{shown:?}");
        assert!(shown.text.starts_with('…') && shown.text.ends_with('…'), "{shown:?}");
        assert!(shown.text.chars().count() <= LENGTH + 2, "{shown:?}");
        let word = |(start, end): &(usize, usize)| {
            shown.text.chars().skip(*start).take(end - start).collect::<String>()
        };
        let words: Vec<String> = shown.highlights.iter().map(word).collect();
        assert_eq!(words, ["harbour", "reopened"]);
    }

    #[test]
    fn rare_words_choose_the_part_and_text_stands_on_both_sides() {
        let often = "It is said that it is late, and it is so. ";
        let text = format!("{0}{0}{0}{0}The ferry sank off Malta.{0}{0}{0}", often.repeat(3));
        let shown = passage(&text, "is it where the ferry is");
        assert!(shown.text.contains("late, and it is so. The ferry sank off Malta."), "{shown:?}");
    }

    #[test]
    fn the_start_is_shown_where_no_word_is_found() {
        assert_eq!(passage("  One two. ", "three").text, "One two.");
        assert_eq!(passage("", "three"), Passage::default());
        assert!(passage(&"x".repeat(5000), "").text.chars().count() <= LENGTH + 1);
        assert!(passage(&"é".repeat(5000), "").text.chars().count() <= LENGTH + 1);
    }
}
