//! The reasons why an answer cannot be given.

/// The reason why a tool gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A call asks for too few or too many items.
    #[error("limit is {limit}; ask for 1 to {most}")]
    Limit {
        /// The number that the call asks for.
        limit: usize,
        /// The largest number that is allowed.
        most: usize,
    },
    /// A defect: the answer cannot be written as JSON.
    #[error("the answer cannot be written as JSON")]
    Unwritable(#[source] serde_json::Error),
    /// A defect: the answer has no members.
    #[error("the answer is no object of JSON")]
    NoObject,
}
