//! Features of a word's letters and of its neighbours' capitals.

use super::Word;

/// Values per word.
pub(crate) const FEATURES: usize = 25;

/// Words looked at on each side, to tell a headline's capitals from a name's.
const REACH: usize = 6;
/// From this share of capitalized neighbours on, capitals tell little.
const HEADLINE_SHARE: f32 = 0.8;
/// Neighbours from which the share means something.
const HEADLINE_WORDS: usize = 4;

/// Rows of [`FEATURES`] values from 0 to 1, one per word.
pub(crate) fn features(words: &[Word<'_>]) -> Vec<f32> {
    let shapes: Vec<Shape> = words.iter().map(|word| Shape::of(word.text)).collect();
    let mut rows = Vec::with_capacity(words.len() * FEATURES);
    for at in 0..words.len() {
        let starts = starts_sentence(words, at);
        rows.extend(of_word(&words[at], &shapes[at], starts));
        rows.extend(of_neighbours(&shapes, at));
    }
    rows
}

#[derive(Clone, Copy)]
struct Shape {
    is_letter: bool,
    is_capital: bool,
    /// Two letters and more, none of them small.
    is_upper: bool,
    /// The number of characters.
    length: usize,
}

impl Shape {
    fn of(word: &str) -> Self {
        let first = word.chars().next();
        let length = word.chars().count();
        Self {
            is_letter: first.is_some_and(char::is_alphabetic),
            is_capital: first.is_some_and(char::is_uppercase),
            is_upper: length > 1 && is_upper(word),
            length,
        }
    }
}

fn is_upper(word: &str) -> bool {
    word.chars().any(char::is_uppercase) && !word.chars().any(char::is_lowercase)
}

fn is_lower(word: &str) -> bool {
    word.chars().any(char::is_lowercase) && !word.chars().any(char::is_uppercase)
}

fn starts_sentence(words: &[Word<'_>], at: usize) -> bool {
    const ENDS: [&str; 6] = [".", "?", "!", ":", "\"", "“"];
    words[at].starts_line || ENDS.contains(&words[at - 1].text)
}

fn of_word(word: &Word<'_>, shape: &Shape, starts: bool) -> [f32; 21] {
    let text = word.text;
    let behind_first = text.char_indices().nth(1).map_or("", |(at, _)| &text[at..]);
    let has_inner_capital = behind_first.chars().any(char::is_uppercase);
    let is_name_like = shape.is_capital && !shape.is_upper && is_lower(behind_first);
    [
        shape.is_capital,
        shape.is_upper,
        is_name_like,
        has_inner_capital && text.chars().any(char::is_lowercase),
        text.chars().any(char::is_numeric),
        text.chars().all(char::is_numeric),
        !text.chars().any(char::is_alphanumeric),
        shape.length == 1 && shape.is_capital,
        starts,
        starts && shape.is_capital,
        !starts && shape.is_capital,
        text.starts_with('@'),
        text.starts_with('#'),
        text.starts_with("http"),
        shape.length > 2 && text.contains('.'),
        shape.length == 1,
        shape.length == 2,
        shape.length == 3,
        shape.length >= 8,
        is_lower(text),
        word.is_spaced,
    ]
    .map(value)
}

fn of_neighbours(shapes: &[Shape], at: usize) -> [f32; 4] {
    let around = &shapes[at.saturating_sub(REACH)..shapes.len().min(at + REACH + 1)];
    let count = |is: fn(&Shape) -> bool| {
        around.iter().filter(|shape| is(shape)).count() - usize::from(is(&shapes[at]))
    };
    let letters = count(|shape| shape.is_letter);
    let share = |count: usize| count as f32 / letters.max(1) as f32;
    let capitals = share(count(|shape| shape.is_letter && shape.is_capital));
    let uppers = share(count(|shape| shape.is_letter && shape.is_upper));
    let is_headline =
        shapes[at].is_capital && capitals > HEADLINE_SHARE && letters >= HEADLINE_WORDS;
    [capitals, uppers, value(is_headline), value(letters == 0)]
}

fn value(flag: bool) -> f32 {
    f32::from(u8::from(flag))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::words;
    use super::*;

    fn rows(text: &str) -> Vec<Vec<f32>> {
        features(&words(text)).chunks_exact(FEATURES).map(<[f32]>::to_vec).collect()
    }

    #[test]
    fn a_capital_at_the_start_of_a_sentence_is_told_from_one_inside() {
        let rows = rows("Rain fell. Ann left Ann\nAnn");
        let starts_and_inside: Vec<_> = rows.iter().map(|row| (row[9], row[10])).collect();
        assert_eq!(starts_and_inside[0], (1.0, 0.0));
        assert_eq!(starts_and_inside[3], (1.0, 0.0));
        assert_eq!(starts_and_inside[5], (0.0, 1.0));
        assert_eq!(starts_and_inside[6], (1.0, 0.0), "a new line");
    }

    #[test]
    fn capitals_among_capitals_are_marked_as_a_headline_s() {
        let headline = rows("Mayor Opens New Bridge In Town");
        assert!(headline.iter().all(|row| row[23] == 1.0));
        let prose = rows("the mayor opened a new bridge in Town");
        assert!(prose.iter().all(|row| row[23] == 0.0));
    }

    proptest! {
        #[test]
        fn every_word_has_all_features_within_0_and_1(text in "\\PC*") {
            let words = words(&text);
            let features = features(&words);
            prop_assert_eq!(features.len(), words.len() * FEATURES);
            prop_assert!(features.iter().all(|value| (0.0..=1.0).contains(value)));
        }
    }
}
