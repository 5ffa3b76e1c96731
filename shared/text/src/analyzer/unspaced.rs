//! Words in scripts that put no spaces between them, and in Korean, which writes compounds and
//! particles without spaces.

use std::ops::Range;

use icu_segmenter::WordSegmenter;
use icu_segmenter::options::WordBreakInvariantOptions;
use unicode_script::{Script, UnicodeScript};
use unicode_segmentation::UnicodeSegmentation;

/// Returns true if `part` of a text starts in a script whose words need a dictionary.
pub(super) fn needs_dictionary(part: &str) -> bool {
    part.chars().next().is_some_and(is_unspaced)
}

/// Calls `each` with the offsets of every word of `run`, by the dictionaries of ICU.
///
/// On Chinese questions they find passages as well as pairs of characters do, with a quarter
/// fewer words. On Thai ones they are better than groups of any number of characters.
pub(super) fn dictionary_words(run: &str, each: &mut impl FnMut(Range<usize>)) {
    let segmenter = WordSegmenter::new_dictionary(WordBreakInvariantOptions::default());
    let mut start = 0;
    for end in segmenter.segment_str(run).skip_while(|&end| end == 0) {
        each(start..end);
        start = end;
    }
}

/// Calls `each` with every pair of neighbouring syllables, or with a single syllable.
pub(super) fn syllable_pairs(run: &str, each: &mut impl FnMut(Range<usize>)) {
    let starts = run.grapheme_indices(true).map(|(start, _)| start);
    let starts: Vec<usize> = starts.chain([run.len()]).collect();
    if starts.len() == 2 {
        each(0..run.len());
    }
    starts.windows(3).for_each(|three| each(three[0]..three[2]));
}

/// Returns true for Hangul, in syllables or in letters.
pub(super) fn is_hangul(letter: char) -> bool {
    letter >= '\u{1100}' && letter.script() == Script::Hangul
}

fn is_unspaced(letter: char) -> bool {
    use Script::{Bopomofo, Han, Hiragana, Katakana, Khmer, Lao, Myanmar, Thai};
    let is_listed = |script| {
        matches!(script, Bopomofo | Han | Hiragana | Katakana | Khmer | Lao | Myanmar | Thai)
    };
    letter >= '\u{e00}' && (is_listed(letter.script()) || letter == 'ー')
}
