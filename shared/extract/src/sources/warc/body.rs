//! The body of an archived answer, without the codings of its way.

use super::header::Header;
use crate::ending::is_complete;
use crate::packing::{self, End};
use crate::page::MAX_PAGE_BYTES;

/// Why a body cannot be had.
pub(super) enum Undecoded {
    /// It is in no such coding.
    Encoding(String),
    /// It has more bytes than a page may have: so many at least.
    TooLarge(u64),
}

/// The body, and `true` if a part of it is missing.
///
/// Crawlers differ in whether they store what they decoded: the bytes decide, the header only
/// says what to try.
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

/// Returns true if the answer was longer than what was kept, by its own word and its look.
fn lacks_bytes(http: &Header, body: &[u8]) -> bool {
    let said = http.get("content-length").and_then(|length| length.parse::<usize>().ok());
    said.is_some_and(|said| said > body.len()) && !is_complete(body)
}

/// The content of the chunks, and `true` if it breaks off; `None` where there are no chunks.
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

/// The size in a chunk's first line, and what follows that line.
fn chunk_size(body: &[u8]) -> Option<(usize, &[u8])> {
    let end = body.iter().take(64).position(|byte| *byte == b'\n')?;
    let size = std::str::from_utf8(&body[..end]).ok()?.split(';').next()?.trim();
    Some((usize::from_str_radix(size, 16).ok()?, &body[end + 1..]))
}
