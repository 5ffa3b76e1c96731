//! Words in scripts that put no spaces between them.

use std::ops::Range;

use icu_segmenter::options::WordBreakInvariantOptions;
use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed};
use unicode_script::{Script, UnicodeScript};

/// Returns true if `part` of a text starts in a script whose words need a dictionary, or in Hangul.
pub(super) fn is_unspaced(part: &str) -> bool {
    part.chars().next().is_some_and(|first| {
        !first.is_ascii() && (is_cjk(first) || is_complex(first) || is_hangul(first))
    })
}

/// Calls `each` with the offsets of every word of `run`.
pub(super) fn words(run: &str, each: &mut impl FnMut(Range<usize>)) {
    if run.chars().any(is_hangul) {
        pairs(run, each);
    } else {
        dictionary_words(run, each);
    }
}

/// Calls `each` with every pair of neighbouring characters, or with a single character.
fn pairs(run: &str, each: &mut impl FnMut(Range<usize>)) {
    let starts: Vec<usize> =
        run.char_indices().map(|(start, _)| start).chain([run.len()]).collect();
    if starts.len() == 2 {
        each(0..run.len());
    }
    starts.windows(3).for_each(|three| each(three[0]..three[2]));
}

fn dictionary_words(run: &str, each: &mut impl FnMut(Range<usize>)) {
    let mut start = 0;
    for end in segmenter().segment_str(run) {
        if end > start {
            each(start..end);
        }
        start = end;
    }
}

fn segmenter() -> WordSegmenterBorrowed<'static> {
    WordSegmenter::new_dictionary(WordBreakInvariantOptions::default())
}

fn is_cjk(letter: char) -> bool {
    use Script::{Bopomofo, Han, Hiragana, Katakana};
    matches!(letter.script(), Han | Hiragana | Katakana | Bopomofo) || letter == 'ー'
}

fn is_complex(letter: char) -> bool {
    matches!(letter.script(), Script::Thai | Script::Lao | Script::Khmer | Script::Myanmar)
}

fn is_hangul(letter: char) -> bool {
    letter.script() == Script::Hangul
}
