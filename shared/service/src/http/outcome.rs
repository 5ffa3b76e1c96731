//! The end of a request, whichever protocol says it.

use axum::response::Response;
use tonic::Code;

use super::protocol::Protocol;

/// The end of a request, with its HTTP or gRPC status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResponseOutcome {
    Answered(i64),
    /// The request is at fault, or comes at a bad time.
    Refused(i64),
    /// The process is at fault.
    Failed(i64),
}

impl ResponseOutcome {
    pub(super) fn of(response: &Response, protocol: Protocol) -> Self {
        match protocol {
            Protocol::Http => Self::of_http(response.status().as_u16()),
            Protocol::Grpc => {
                // Without one, the status follows the messages: nothing failed so far.
                let status = response.headers().get("grpc-status");
                status.map_or(Self::Answered(0), |status| {
                    Self::of_grpc(Code::from_bytes(status.as_bytes()))
                })
            }
        }
    }

    fn of_http(status: u16) -> Self {
        match status {
            ..400 => Self::Answered(status.into()),
            400..500 => Self::Refused(status.into()),
            500.. => Self::Failed(status.into()),
        }
    }

    fn of_grpc(code: Code) -> Self {
        let number = i64::from(i32::from(code));
        match code {
            Code::Ok => Self::Answered(number),
            Code::Unknown
            | Code::DeadlineExceeded
            | Code::Aborted
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss => Self::Failed(number),
            _ => Self::Refused(number),
        }
    }

    pub(super) fn code(self) -> i64 {
        let (Self::Answered(code) | Self::Refused(code) | Self::Failed(code)) = self;
        code
    }
}
