//! The frequencies of letter groups and words in a language.

/// Items with the logarithms of their frequencies.
pub(super) type Frequencies = Vec<(String, f64)>;

/// The statistics of one language in one script.
#[derive(Default)]
pub(super) struct Statistics {
    pub(super) groups: Frequencies,
    pub(super) words: Frequencies,
    /// Groups of letters between vowel signs, in Devanagari only.
    pub(super) bare: Frequencies,
}
