//! The answer to a publisher.

/// The stream has the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its place in the stream.
    pub sequence: u64,
    /// It had a message with this id already, and keeps that one.
    pub duplicate: bool,
}
