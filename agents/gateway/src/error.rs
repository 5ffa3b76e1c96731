//! The reasons why a request fails.

use std::time::Duration;

use courant_api::ErrorCode;
use courant_bus::PublishError;
use courant_door::SubmissionError;
use courant_service::Refusal;
use tonic::Status;

/// Why a question has no answer. HTTP and MCP say the same of it; what is inside
/// the system stays in the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The request is invalid. The message says how to correct it.
    #[error("{0}")]
    Invalid(String),
    /// There is no such article.
    #[error("there is no article {0}; search for one, or wait until it is stored")]
    NoArticle(String),
    /// There is no such source.
    #[error("there is no source {0}; GET /v1/sources lists them")]
    NoSource(String),
    /// There is no such dead letter.
    #[error("there is no dead letter {0}")]
    NoDeadLetter(u64),
    /// The request contradicts the present state.
    #[error("{0}")]
    Conflict(String),
    /// The request is larger than a message may be.
    #[error("the request is too large: {0}")]
    TooLarge(String),
    /// The key of the request came with another submission before.
    #[error("this Idempotency-Key came with another article before; give each its own")]
    OtherSubmission,
    /// The queues are full.
    #[error("the pipeline takes nothing more for now ({reason}); try again in {} s", after.as_secs())]
    Busy {
        /// The description of the full queue.
        reason: String,
        /// The time after which the client should retry.
        after: Duration,
    },
    /// Nothing can be accepted because of the disk, the spool or the store.
    #[error("nothing can be taken in: {reason}; try again in {} s", after.as_secs())]
    Blocked {
        /// The reason, as `/readyz` states it.
        reason: String,
        /// The time after which the client should retry.
        after: Duration,
    },
    /// A client that listens to events takes them too slowly.
    #[error(
        "the client read too slowly; connect again with Last-Event-ID, or its position, to go on"
    )]
    SlowReader,
    /// A vector search failed because the embedder is not available.
    #[error("{0}; try again, or search with mode=text")]
    NoVector(String),
    /// The request took too long.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// The store failed.
    #[error("the store does not answer")]
    Store(#[from] courant_store::Error),
    /// The search index failed.
    #[error("the search does not answer")]
    Search(#[source] courant_search::Error),
    /// The search index of this gateway is behind the one that the request was made from.
    #[error("this gateway has not indexed what the request refers to; try again in {} s", after.as_secs())]
    Behind {
        /// The time after which the client should retry.
        after: Duration,
    },
    /// The bus failed.
    #[error("the bus does not answer")]
    Bus(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A defect.
    #[error("the request failed inside the gateway")]
    Panicked,
    /// A defect: an article cannot be written as a row.
    #[error("the export failed inside the gateway")]
    Unwritten(#[source] courant_export::Error),
    /// A defect: the answer cannot be written as JSON.
    #[error("the request failed inside the gateway")]
    Unwritable(#[source] serde_json::Error),
}

impl ApiError {
    /// The code in answers, for programs.
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(_) => ErrorCode::InvalidRequest,
            Self::NoArticle(_) | Self::NoSource(_) | Self::NoDeadLetter(_) => ErrorCode::NotFound,
            Self::Conflict(_) => ErrorCode::Conflict,
            Self::TooLarge(_) => ErrorCode::TooLarge,
            Self::OtherSubmission => ErrorCode::IdempotencyConflict,
            Self::Busy { .. } => ErrorCode::Busy,
            Self::SlowReader => ErrorCode::Overloaded,
            Self::NoVector(_) => ErrorCode::NoEmbedder,
            Self::TimedOut(_) => ErrorCode::Timeout,
            Self::Behind { .. } => ErrorCode::Behind,
            Self::Blocked { .. } | Self::Store(_) | Self::Search(_) | Self::Bus(_) => {
                ErrorCode::Unavailable
            }
            Self::Panicked | Self::Unwritten(_) | Self::Unwritable(_) => ErrorCode::Internal,
        }
    }

    /// The time after which the client should retry.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { after, .. } | Self::Blocked { after, .. } | Self::Behind { after } => {
                Some(*after)
            }
            _ => None,
        }
    }

    /// Logs what the answer does not tell.
    pub(crate) fn log(&self) {
        if matches!(
            self,
            Self::Store(_)
                | Self::Search(_)
                | Self::Bus(_)
                | Self::Unwritten(_)
                | Self::Unwritable(_)
        ) {
            let error = self as &dyn std::error::Error;
            tracing::warn!(error, code = self.code().as_str(), "a request was not answered");
        }
    }
}

impl From<SubmissionError> for ApiError {
    fn from(error: SubmissionError) -> Self {
        match error {
            SubmissionError::Invalid(message) => Self::Invalid(message),
            SubmissionError::Stopped => Self::Panicked,
        }
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        error.log();
        let refusal = Self::new(error.code(), error.to_string());
        match error.retry_after() {
            Some(wait) => refusal.retry_after(wait),
            None => refusal,
        }
    }
}

impl From<ApiError> for Status {
    fn from(error: ApiError) -> Self {
        Refusal::from(error).into()
    }
}

/// Until a full queue may have room again.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(5);

impl From<PublishError> for ApiError {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Full(subject) => {
                Self::Busy { reason: format!("the queue of {subject} is full"), after: RETRY_AFTER }
            }
            PublishError::TooLarge { .. } => Self::TooLarge(error.to_string()),
            PublishError::Spool(error) => {
                Self::Blocked { reason: error.to_string(), after: RETRY_AFTER }
            }
            other => Self::Bus(Box::new(other)),
        }
    }
}

impl From<courant_search::Error> for ApiError {
    fn from(error: courant_search::Error) -> Self {
        match error {
            courant_search::Error::Store(error) => Self::Store(error),
            courant_search::Error::Unsupported(message) => Self::Invalid(message),
            error => Self::Search(error),
        }
    }
}

impl From<courant_extract::sources::ListError> for ApiError {
    fn from(error: courant_extract::sources::ListError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<courant_query::QueryError> for ApiError {
    fn from(error: courant_query::QueryError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<courant_bus::Error> for ApiError {
    fn from(error: courant_bus::Error) -> Self {
        Self::Bus(Box::new(error))
    }
}
