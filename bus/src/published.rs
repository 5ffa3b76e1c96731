//! The acknowledgement of a published message.

/// The acknowledgement of a published message: the stream holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishAck {
    /// The sequence number of the message in the stream.
    pub sequence: u64,
    /// True if the stream already held a message with this id. It keeps the earlier one.
    pub duplicate: bool,
}
