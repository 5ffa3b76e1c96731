//! The error of a text that is no query.

/// The first mistake in a query text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// The place of the mistake, in code points from 0.
    pub position: usize,
    /// The mistake in words, with its place and, where there is one, the way out.
    pub message: String,
}

impl QueryError {
    pub(crate) fn new(position: usize, problem: impl AsRef<str>) -> Self {
        let message = format!("{} at character {position}", problem.as_ref());
        Self { position, message }
    }

    /// Adds a way out to the message.
    pub(crate) fn advise(mut self, advice: impl AsRef<str>) -> Self {
        self.message.push_str("; ");
        self.message.push_str(advice.as_ref());
        self
    }
}
