//! Compression of answers and decompression of requests, with gzip and zstd. Their libraries are
//! part of the program anyhow; an encoder for brotli is not.

use axum::http::{Extensions, HeaderMap, StatusCode, Version, header};
use tower_http::compression::predicate::{And, DefaultPredicate, Predicate};
use tower_http::compression::{CompressionLayer, CompressionLevel};

type Rule = fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool;

/// Compresses answers where it pays. Streams of lines are not: each line leaves as it comes.
pub(super) fn answers() -> CompressionLayer<And<DefaultPredicate, Rule>> {
    let rule = DefaultPredicate::new().and(is_no_stream as Rule);
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(rule)
}

fn is_no_stream(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    !media_type.is_some_and(|media_type| media_type.starts_with("application/x-ndjson"))
}
