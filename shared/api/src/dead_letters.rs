//! Dead letters: messages that could not be handled.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A message that could not be handled.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetterView {
    /// Its number, by which requests name it.
    pub number: u64,
    /// The subject of the message, such as `article.accepted`; empty if no stage consumes it.
    pub subject: String,
    /// Deliveries before it was given up.
    pub deliveries: u32,
    /// Why it was given up.
    pub error: String,
    /// When it was given up, RFC 3339.
    pub died_at: String,
    /// The size of the message.
    pub size_bytes: u64,
    /// The name of the message's type, as the publisher stated it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The message as it was published, in Base64; only where one letter is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
}

/// Dead letters, the newest first.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DeadLettersAnswer {
    /// The letters, without their messages.
    pub letters: Vec<DeadLetterView>,
}

/// The number of dead letters to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadLetterParams {
    /// The number of letters, 1 to 1000; 100 if absent.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<usize>,
}
