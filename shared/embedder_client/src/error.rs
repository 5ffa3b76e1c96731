//! The errors of a request for vectors.

use std::time::Duration;

use courant_bus::RequestError;
use courant_proto::v1::EmbedErrorCode;

/// The pause where nobody answers: an embedder that starts is asked soon.
const SHORT_PAUSE: Duration = Duration::from_millis(250);
/// The pause of an embedder with too much to do, as its HTTP face states it.
const LONG_PAUSE: Duration = Duration::from_secs(1);

/// The reasons why a request got no vectors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbedError {
    /// No embedder runs, or none answered in time.
    #[error("the embedder does not answer")]
    NoAnswer(#[source] RequestError),
    /// The request could not be sent, or the reply could not be read.
    #[error("the embedder cannot be asked")]
    NotAsked(#[source] RequestError),
    /// The embedder refused or failed, and gave the reason.
    #[error("the embedder failed: {message}")]
    Refused {
        /// The kind of refusal; unspecified by an embedder of an earlier release.
        code: EmbedErrorCode,
        /// The reason, for people.
        message: String,
    },
    /// The reply has no model, or not one vector per text.
    #[error("the embedder's answer is incomplete")]
    Incomplete,
    /// The model was replaced between two parts of one request.
    #[error("the embedder's model was replaced meanwhile")]
    OtherModel,
}

impl EmbedError {
    /// Returns true if the same request may succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::NoAnswer(_) | Self::OtherModel => true,
            Self::NotAsked(_) | Self::Incomplete => false,
            Self::Refused { code, .. } => *code != EmbedErrorCode::Invalid,
        }
    }

    /// The wait before the same question makes sense again.
    pub(crate) fn pause(&self) -> Duration {
        match self {
            Self::Refused { code: EmbedErrorCode::Overloaded, .. } => LONG_PAUSE,
            _ => SHORT_PAUSE,
        }
    }
}

impl From<RequestError> for EmbedError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::NoResponder(_) | RequestError::Timeout { .. } => Self::NoAnswer(error),
            _ => Self::NotAsked(error),
        }
    }
}
