//! The cuts of a long text into encoder inputs. Pure.

use std::ops::Range;

/// The token ranges of a text's chunks: each at most `window` tokens, each
/// sharing `overlap` tokens with the next. None for a text without tokens.
///
/// `overlap` must be less than `window`.
pub(crate) fn windows(tokens: usize, window: usize, overlap: usize) -> Vec<Range<usize>> {
    debug_assert!(overlap < window, "an overlap of {overlap} leaves no step in {window}");
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    while ranges.last().map_or(0, |last| last.end) < tokens {
        ranges.push(start..tokens.min(start + window));
        start += window - overlap;
    }
    ranges
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_short_text_is_one_chunk_and_an_empty_one_none() {
        assert_eq!(windows(254, 254, 32), vec![0..254; 1]);
        assert_eq!(windows(255, 254, 32), [0..254, 222..255]);
        assert!(windows(0, 254, 32).is_empty());
    }

    proptest! {
        #[test]
        fn chunks_cover_the_text_and_share_the_overlap(
            tokens in 1usize..3_000,
            (window, overlap) in (2usize..300).prop_flat_map(|window| (Just(window), 0..window)),
        ) {
            let ranges = windows(tokens, window, overlap);
            prop_assert_eq!(ranges[0].start, 0);
            prop_assert_eq!(ranges[ranges.len() - 1].end, tokens);
            for range in &ranges {
                prop_assert!(!range.is_empty() && range.len() <= window);
            }
            for pair in ranges.windows(2) {
                prop_assert_eq!(pair[0].len(), window);
                prop_assert_eq!(pair[0].end - pair[1].start, overlap);
                prop_assert!(pair[1].end > pair[0].end);
            }
        }
    }
}
