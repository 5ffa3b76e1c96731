//! Answers that browsers understand although they break a rule.

use std::io::Write;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::answer::{ResponseContent, gzip};
use crate::fault::Oddity;
use crate::log::ByteCount;

/// The cookie that a wall of cookies asks for.
const COOKIE: &str = "seen=1";

/// Answers a request for `path` oddly.
pub(crate) fn answer(
    oddity: Oddity,
    content: &ResponseContent,
    path: &str,
    request: &HeaderMap,
    count: &ByteCount,
) -> Response {
    let again = if path.contains('?') { format!("{path}&again") } else { format!("{path}?again") };
    let body = content.body.clone();
    match oddity {
        Oddity::CookieWall if has_cookie(request) => content.answer(request, count),
        Oddity::CookieWall => moved(path, Some((header::SET_COOKIE, COOKIE))),
        Oddity::RawLocation => moved(&format!("{path}?bl\u{e5}b\u{e6}r"), None),
        Oddity::MetaRefresh => stub(
            format!("<html><head><meta http-equiv=refresh content=\"0; url={again}\"></head>"),
            None,
        ),
        Oddity::RefreshHeader => stub(String::new(), Some(format!("0; url={again}"))),
        Oddity::PlainCalledGzip => whole(content, body, Some("gzip")),
        Oddity::GzipTwice => {
            let twice = gzip(&body).and_then(|once| gzip(&once));
            whole(content, twice.unwrap_or(body), Some("gzip"))
        }
        Oddity::RawDeflate => whole(content, deflated(&body), Some("deflate")),
        Oddity::LongLength => content.with_length(&body, body.len() + 100, count),
        Oddity::Latin1Label => {
            let mut response = whole(content, body, None);
            let label = HeaderValue::from_static("text/html; charset=ISO-8859-1");
            response.headers_mut().insert(header::CONTENT_TYPE, label);
            response
        }
        Oddity::BotCheck => stub(
            "<html><head><title>Just a moment...</title></head><body><p>Checking your browser \
             before you proceed.</p><a href=\"/2024/05/06/why-do-i-see-this-page-4711.html\">Why \
             do I see this page?</a></body></html>"
                .to_owned(),
            None,
        ),
    }
}

fn has_cookie(request: &HeaderMap) -> bool {
    let cookies = request.get(header::COOKIE).and_then(|value| value.to_str().ok());
    cookies.is_some_and(|cookies| cookies.split("; ").any(|cookie| cookie == COOKIE))
}

fn moved(to: &str, more: Option<(HeaderName, &'static str)>) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    if let Ok(to) = HeaderValue::from_bytes(to.as_bytes()) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    if let Some((name, value)) = more {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn stub(html: String, refresh: Option<String>) -> Response {
    let mut response = Response::new(Body::from(html));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Some(refresh) = refresh.and_then(|refresh| HeaderValue::from_str(&refresh).ok()) {
        headers.insert(HeaderName::from_static("refresh"), refresh);
    }
    response
}

fn whole(content: &ResponseContent, body: Bytes, coding: Option<&'static str>) -> Response {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    if let Ok(kind) = content.content_type.parse() {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

fn deflated(body: &[u8]) -> Bytes {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory does not fail.
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    written.map_or_else(|_| Bytes::copy_from_slice(body), Bytes::from)
}
