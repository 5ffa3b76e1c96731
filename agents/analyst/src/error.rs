//! What can be wrong before an article comes: settings and topic definitions.

/// Why an analyst cannot be built.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum AnalystError {
    /// A setting lies outside its range.
    #[error("[analyst] {key} is {value}, it must be {range}")]
    Setting {
        /// The key in the section.
        key: &'static str,
        /// What stands there.
        value: String,
        /// What may stand there.
        range: &'static str,
    },
    /// The embedder gave another number of vectors than there are definitions.
    #[error("{got} topic definitions were embedded, {needed} are needed")]
    DefinitionCount {
        /// How many vectors came.
        got: usize,
        /// How many definitions there are.
        needed: usize,
    },
    /// A definition's vector is empty, all zeros, not finite, or of another
    /// dimension than the first one.
    #[error("the definition of {code} has no usable vector")]
    DefinitionVector {
        /// The topic, as `medtop:04000000`.
        code: &'static str,
    },
}
