//! The rules of acceptance.

use courant_dedup::NearConfig;

/// The rules by which entries are let in.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The least words of a text.
    pub min_words: usize,
    /// The rule by which two texts count as the same.
    pub near: NearConfig,
}
