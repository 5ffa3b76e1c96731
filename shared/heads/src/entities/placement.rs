//! The choice of the encoder input that gives each word its vector, where inputs overlap.

use std::ops::Range;

use courant_article::Span;

use super::Word;

/// A word of one chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedWord {
    /// The index of the word in the text.
    pub word: usize,
    /// The tokens of the word, as indexes within the chunk without special tokens.
    pub tokens: Range<usize>,
}

/// The assignment of words to chunks. Every word with tokens belongs to one chunk. If two
/// chunks contain it, it belongs to the one in which it lies farther from the edge, because
/// there the encoder has seen more context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WordPlacement {
    chunks: Vec<Vec<PlacedWord>>,
}

impl WordPlacement {
    /// Assigns words to chunks. `tokens`: the spans of the text's tokens in code points, in
    /// order. `chunks`: ranges of token indexes, in order.
    pub fn new(words: &[Word<'_>], tokens: &[Span], chunks: &[Range<usize>]) -> Self {
        let mut placed = vec![Vec::new(); chunks.len()];
        for (word, found) in words.iter().enumerate() {
            let own = tokens_of(tokens, found.span);
            let Some(chunk) = deepest(chunks, &own) else { continue };
            let start = chunks[chunk].start;
            let held = shared(&chunks[chunk], &own);
            let tokens = held.start - start..held.end - start;
            placed[chunk].push(PlacedWord { word, tokens });
        }
        Self { chunks: placed }
    }

    /// Returns the words of one chunk, in the order of the text.
    pub fn chunk(&self, chunk: usize) -> &[PlacedWord] {
        &self.chunks[chunk]
    }
}

/// The tokens that stand within `span`.
fn tokens_of(tokens: &[Span], span: Span) -> Range<usize> {
    let start = tokens.partition_point(|token| token.end <= span.start);
    let end = tokens.partition_point(|token| token.start < span.end);
    start..end.max(start)
}

/// The chunk that holds the most of `own`, and among those the one whose ends
/// are farthest. `None` for an empty range.
fn deepest(chunks: &[Range<usize>], own: &Range<usize>) -> Option<usize> {
    let first = chunks.partition_point(|chunk| chunk.end <= own.start);
    let mut best = None;
    for (at, chunk) in chunks.iter().enumerate().skip(first) {
        if chunk.start >= own.end {
            break;
        }
        let held = shared(chunk, own);
        let depth = (held.start - chunk.start).min(chunk.end - held.end);
        if !held.is_empty() && best.is_none_or(|(most, _)| (held.len(), depth) > most) {
            best = Some(((held.len(), depth), at));
        }
    }
    best.map(|(_, at)| at)
}

fn shared(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    let start = a.start.max(b.start);
    start..a.end.min(b.end).max(start)
}

#[cfg(test)]
mod tests {
    use super::super::words;
    use super::*;

    /// One token per letter, as far as there are letters.
    fn letters(text: &str) -> Vec<Span> {
        let places = text.chars().zip(0u32..).filter(|(c, _)| c.is_alphanumeric());
        places.map(|(_, start)| Span { start, end: start + 1 }).collect()
    }

    #[test]
    fn a_word_comes_from_the_chunk_in_which_it_lies_deeper() {
        let text = "a b c d e f g h";
        let placement = WordPlacement::new(&words(text), &letters(text), &[0..6, 2..8]);
        let of = |chunk| placement.chunk(chunk).iter().map(|w| w.word).collect::<Vec<_>>();
        assert_eq!((of(0), of(1)), (vec![0, 1, 2, 3], vec![4, 5, 6, 7]));
        assert_eq!(placement.chunk(1)[0], PlacedWord { word: 4, tokens: 2..3 });
    }

    #[test]
    fn a_word_that_no_chunk_holds_whole_comes_from_the_one_that_holds_most() {
        let text = "abcdefgh";
        let placement = WordPlacement::new(&words(text), &letters(text), &[0..3, 2..8]);
        assert!(placement.chunk(0).is_empty());
        assert_eq!(placement.chunk(1), [PlacedWord { word: 0, tokens: 0..6 }]);
    }

    #[test]
    fn a_word_without_tokens_has_no_place() {
        let text = "a - b";
        let placement = WordPlacement::new(&words(text), &letters(text), &[0..2, 1..2]);
        let placed: Vec<_> = placement.chunk(0).iter().map(|w| w.word).collect();
        assert_eq!(placed, [0, 2]);
    }
}
