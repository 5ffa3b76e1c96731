//! Answers of requests that panicked: a defect in one does not end its connection without a word.

use std::any::Any;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use courant_api::ErrorCode;
use tonic::Status;
use tower_http::catch_panic::CatchPanicLayer;

use super::protocol::Protocol;
use crate::refusal::Refusal;

type Answering = fn(Box<dyn Any + Send>) -> Response;

/// Answers a panic with an internal error.
pub(super) fn caught(protocol: Protocol) -> CatchPanicLayer<Answering> {
    CatchPanicLayer::custom(match protocol {
        Protocol::Http => http as Answering,
        Protocol::Grpc => grpc,
    })
}

fn http(cause: Box<dyn Any + Send>) -> Response {
    refusal(cause).into_response()
}

fn grpc(cause: Box<dyn Any + Send>) -> Response {
    Status::from(refusal(cause)).into_http::<Body>()
}

fn refusal(cause: Box<dyn Any + Send>) -> Refusal {
    // A formatted message is a `String`, a plain one a `&str`.
    let cause = cause
        .downcast::<String>()
        .or_else(|cause| cause.downcast::<&str>().map(|text| Box::new((*text).to_owned())))
        .map_or_else(|_| "unknown".to_owned(), |text| *text);
    tracing::error!(cause, "a request panicked");
    Refusal::new(ErrorCode::Internal, "the request failed inside the service")
}
