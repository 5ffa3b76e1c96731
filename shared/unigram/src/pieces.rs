//! The pieces that words are made of, and their scores.

use crate::trie::Trie;

/// An unknown character costs this much more than the least probable piece.
const UNKNOWN_PENALTY: f64 = 10.0;

/// The vocabulary.
#[derive(Debug)]
pub(crate) struct Pieces {
    pub(crate) trie: Trie,
    /// The id of each piece, in the order of the trie.
    pub(crate) ids: Vec<u32>,
    /// The score of each piece: the logarithm of its probability.
    pub(crate) scores: Vec<f32>,
    /// The id of characters that no piece has.
    pub(crate) unknown: u32,
}

impl Pieces {
    /// The score of an unknown character. Special tokens, which are no pieces here, have a score
    /// of 0.
    pub(crate) fn unknown_score(&self) -> f64 {
        let least = self.scores.iter().copied().fold(0.0, f32::min);
        f64::from(least) - UNKNOWN_PENALTY
    }
}
