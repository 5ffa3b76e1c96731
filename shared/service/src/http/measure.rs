//! Measures requests by their routes.

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};
use tokio::time::Instant;

/// `courant_http_request_duration_seconds{method,route,status}`.
pub(super) fn histogram(meter: &Meter) -> Histogram<f64> {
    meter
        .f64_histogram("courant_http_request_duration")
        .with_unit("s")
        .with_description("Time of an HTTP request, by method, route and status")
        .build()
}

pub(super) async fn measure(
    State(histogram): State<Histogram<f64>>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let method = known(request.method());
    let path = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = path.as_ref().map_or("unmatched", MatchedPath::as_str).to_owned();
    let status = i64::from(response.status().as_u16());
    let labels = [
        KeyValue::new("method", method),
        KeyValue::new("route", route),
        KeyValue::new("status", status),
    ];
    histogram.record(started.elapsed().as_secs_f64(), &labels);
    response
}

/// A method is text that anyone may choose: labels are bounded.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}
