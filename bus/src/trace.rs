//! Spans of handling, which continue the trace of whoever sent the message.

use opentelemetry::Context;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::system::MessagingSystem;

/// A span for handling a message on `subject`, as `process courant.article.accepted`,
/// below `parent`.
pub(crate) fn process(system: MessagingSystem, subject: &str, parent: Context) -> Span {
    let span = tracing::info_span!(
        "process",
        otel.name = format!("process {subject}"),
        otel.kind = "consumer",
        messaging.system = system.as_str(),
        messaging.destination.name = subject,
        messaging.operation.type = "process",
        delivery.attempt = Empty,
    );
    continue_trace(&span, parent);
    span
}

/// A span for answering a request on `subject`, as `reply courant.request.embed`,
/// below `parent`.
pub(crate) fn reply(system: MessagingSystem, subject: &str, parent: Context) -> Span {
    let span = tracing::info_span!(
        "reply",
        otel.name = format!("reply {subject}"),
        otel.kind = "server",
        messaging.system = system.as_str(),
        messaging.destination.name = subject,
        messaging.operation.type = "process",
    );
    continue_trace(&span, parent);
    span
}

fn continue_trace(span: &Span, parent: Context) {
    // It fails where no traces are exported: then there is nothing to continue.
    let _unexported = span.set_parent(parent);
}
