//! HTTP answers: conditional, compressed, broken where a fault says so.

use std::io::{self, Write};
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use flate2::{Compression, write::GzEncoder};
use futures::stream::{self, StreamExt};
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::generated::http_date;
use crate::log::ByteCount;

/// Smaller bodies only grow.
const MIN_GZIP_BYTES: usize = 256;
/// A body that never ends goes on in pieces of this size, with this pause.
const PIECE_BYTES: usize = 16 * 1024;
const PIECE_PAUSE: Duration = Duration::from_millis(5);
const MAX_ENDLESS_BYTES: u64 = 256 * 1024 * 1024;
const MAX_ENDLESS: Duration = Duration::from_secs(60);

/// A document as it stands at the moment.
pub(crate) struct ResponseContent {
    pub(crate) content_type: String,
    pub(crate) body: Bytes,
    pub(crate) last_modified: Timestamp,
}

impl ResponseContent {
    /// Weak, as it names the content and not its compressed form.
    fn etag(&self) -> String {
        let digest = Sha256::digest(&self.body);
        let short = HEXLOWER.encode(&digest[..12]);
        format!("W/\"{short}\"")
    }

    /// The whole answer: 304 where the client has this version already.
    pub(crate) fn answer(&self, request: &HeaderMap, count: &ByteCount) -> Response {
        if self.is_known(request) {
            return self.with_validators(Response::new(Body::empty()), StatusCode::NOT_MODIFIED);
        }
        let (body, is_compressed) = self.encoded(request);
        count.store(body.len() as u64, Ordering::Relaxed);
        self.with_encoding(Response::new(Body::from(body)), is_compressed)
    }

    /// Half of the body under the length of the whole, then an error.
    pub(crate) fn truncated(&self, request: &HeaderMap, count: &ByteCount) -> Response {
        let (body, is_compressed) = self.encoded(request);
        let half = body.slice(..body.len() / 2);
        self.broken_off(half, body.len(), is_compressed, count)
    }

    /// The whole body under another length, then an error.
    pub(crate) fn with_length(&self, body: &Bytes, length: usize, count: &ByteCount) -> Response {
        self.broken_off(body.clone(), length, false, count)
    }

    fn broken_off(
        &self,
        start: Bytes,
        length: usize,
        is_compressed: bool,
        count: &ByteCount,
    ) -> Response {
        count.store(start.len() as u64, Ordering::Relaxed);
        let broken = async {
            tokio::time::sleep(PIECE_PAUSE).await; // what came before is sent only while nothing follows
            Err(io::Error::new(io::ErrorKind::ConnectionReset, "the fault breaks off here"))
        };
        let pieces = Body::from_stream(stream::iter([Ok(start)]).chain(stream::once(broken)));
        let mut response = self.with_encoding(Response::new(pieces), is_compressed);
        response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
        response
    }

    fn is_known(&self, request: &HeaderMap) -> bool {
        let text =
            |name| request.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
        match (text(header::IF_NONE_MATCH), text(header::IF_MODIFIED_SINCE)) {
            // RFC 9110: the date does not count where tags are given.
            (Some(tags), _) => {
                let own = self.etag();
                let opaque = own.trim_start_matches("W/");
                tags.split(',')
                    .map(str::trim)
                    .any(|tag| tag == "*" || tag.trim_start_matches("W/") == opaque)
            }
            (None, Some(since)) => parse_http_date(since)
                .is_some_and(|since| self.last_modified.as_second() <= since.as_second()),
            (None, None) => false,
        }
    }

    fn encoded(&self, request: &HeaderMap) -> (Bytes, bool) {
        let accepts = request.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
        let is_accepted = accepts.is_some_and(|codings| {
            codings.split(',').any(|coding| coding.trim().starts_with("gzip"))
        });
        if !is_accepted || self.body.len() < MIN_GZIP_BYTES {
            return (self.body.clone(), false);
        }
        match gzip(&self.body) {
            Ok(body) => (body, true),
            Err(_) => (self.body.clone(), false), // writing to memory does not fail
        }
    }

    fn with_encoding(&self, response: Response, is_compressed: bool) -> Response {
        let mut response = self.with_validators(response, StatusCode::OK);
        if let Ok(value) = self.content_type.parse() {
            response.headers_mut().insert(header::CONTENT_TYPE, value);
        }
        if is_compressed {
            response
                .headers_mut()
                .insert(header::CONTENT_ENCODING, header::HeaderValue::from_static("gzip"));
        }
        response
    }

    fn with_validators(&self, mut response: Response, status: StatusCode) -> Response {
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::VARY, header::HeaderValue::from_static("accept-encoding"));
        for (name, value) in
            [(header::ETAG, self.etag()), (header::LAST_MODIFIED, http_date(self.last_modified))]
        {
            if let Ok(value) = value.parse() {
                headers.insert(name, value);
            }
        }
        response
    }
}

pub(crate) fn gzip(body: &[u8]) -> io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 3), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish().map(Bytes::from)
}

fn parse_http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// A short answer in plain text.
pub(crate) fn plain(status: StatusCode, text: &str, count: &ByteCount) -> Response {
    count.store(text.len() as u64, Ordering::Relaxed);
    let mut response = Response::new(Body::from(text.to_owned()));
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// A page that goes on until a limit or the newsstand's end.
pub(crate) fn endless(stop: CancellationToken, count: ByteCount) -> Response {
    let piece = Bytes::from("<p>And so on, and so on.</p>\n".repeat(PIECE_BYTES / 28));
    let deadline = Instant::now() + MAX_ENDLESS;
    let pieces = stream::unfold((), move |()| {
        let (piece, stop, count) = (piece.clone(), stop.clone(), count.clone());
        async move {
            let sent = count.fetch_add(piece.len() as u64, Ordering::Relaxed);
            tokio::select! {
                () = stop.cancelled() => return None,
                () = tokio::time::sleep(PIECE_PAUSE) => {}
            }
            (sent < MAX_ENDLESS_BYTES && Instant::now() < deadline)
                .then_some((Ok::<_, io::Error>(piece), ()))
        }
    });
    let mut response = Response::new(Body::from_stream(pieces));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html"));
    response
}
