//! The body of an archived response, without its transfer and content encodings.

use super::header::Header;
use crate::ending::is_complete;
use crate::packing::{self, End};
use crate::page::MAX_PAGE_BYTES;

/// The reasons why a body cannot be decoded.
pub(super) enum Undecoded {
    /// The bytes do not have this encoding.
    Encoding(String),
    /// The body has more bytes than a page may have: at least this many.
    TooLarge(u64),
}

/// Returns the body, and `true` if a part of it is missing.
///
/// Some crawlers store the decoded body, and some do not. The bytes decide, and the header only
/// says which decoding to try.
pub(super) fn decoded(http: &Header, body: &[u8]) -> Result<(Vec<u8>, bool), Undecoded> {
    let is_chunked = http.get("transfer-encoding").is_some_and(|coding| coding.contains("chunked"));
    let chunks = if is_chunked { dechunked(body) } else { None };
    let (body, mut is_cut) = match &chunks {
        Some((whole, is_cut)) => (whole.as_slice(), *is_cut),
        None => (body, lacks_bytes(http, body)),
    };
    let encoding = http.get("content-encoding");
    let unpacked = packing::unpacked(body, encoding, MAX_PAGE_BYTES);
    let starts_as_page = unpacked.bytes.trim_ascii_start().starts_with(b"<");
    match unpacked.end {
        End::Whole => {}
        End::Broken if starts_as_page => is_cut = true,
        End::Broken => return Err(Undecoded::Encoding(encoding.unwrap_or_default().to_owned())),
        End::Limit => return Err(Undecoded::TooLarge(MAX_PAGE_BYTES as u64 + 1)),
    }
    Ok((unpacked.bytes.into_owned(), is_cut))
}

/// Returns true if the response was longer than the stored bytes, by its header and its look.
fn lacks_bytes(http: &Header, body: &[u8]) -> bool {
    let said = http.get("content-length").and_then(|length| length.parse::<usize>().ok());
    said.is_some_and(|said| said > body.len()) && !is_complete(body)
}

/// Returns the content of the chunks, and `true` if it breaks off. Returns `None` if there are no
/// chunks.
fn dechunked(body: &[u8]) -> Option<(Vec<u8>, bool)> {
    let (mut whole, mut rest) = (Vec::new(), body);
    let mut is_first = true;
    loop {
        let Some((size, chunk)) = chunk_size(rest) else {
            return (!is_first).then_some((whole, true));
        };
        if size == 0 {
            return Some((whole, false));
        }
        whole.extend_from_slice(&chunk[..chunk.len().min(size)]);
        rest = chunk.get(size..).unwrap_or_default();
        rest = rest.strip_prefix(b"\r\n").unwrap_or_default();
        is_first = false;
    }
}

/// Returns the size in a chunk's first line, and the bytes after that line.
fn chunk_size(body: &[u8]) -> Option<(usize, &[u8])> {
    let end = body.iter().take(64).position(|byte| *byte == b'\n')?;
    let size = std::str::from_utf8(&body[..end]).ok()?.split(';').next()?.trim();
    Some((usize::from_str_radix(size, 16).ok()?, &body[end + 1..]))
}
