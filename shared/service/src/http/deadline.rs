//! Deadlines of gRPC clients.

use std::time::Duration;

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use courant_api::ErrorCode;
use tonic::Status;

use crate::refusal::Refusal;

/// The header with the time that the client waits.
const HEADER: &str = "grpc-timeout";
/// The most digits of a timeout.
const MAX_DIGITS: usize = 8;

/// Ends a call at the deadline of its client, as `DEADLINE_EXCEEDED`.
pub(super) async fn within_deadline(request: Request, next: Next) -> Response {
    let Some(timeout) = timeout(request.headers()) else { return next.run(request).await };
    let answer = tokio::time::timeout(timeout, next.run(request)).await;
    answer.unwrap_or_else(|_| {
        let detail = format!("no answer within the deadline of the call, {timeout:?}");
        Status::from(Refusal::new(ErrorCode::Timeout, detail)).into_http()
    })
}

/// Returns the timeout; `None` if there is none, or it is not written as gRPC says.
fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(HEADER)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > MAX_DIGITS || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, text.parse().unwrap());
        timeout(&headers)
    }

    #[test]
    fn a_timeout_is_a_number_with_a_unit() {
        assert_eq!(read("250m"), Some(Duration::from_millis(250)));
        assert_eq!(read("2H"), Some(Duration::from_secs(7200)));
        for wrong in ["", "5", "m", "123456789S", "-1S", "1x", "1.5S"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
