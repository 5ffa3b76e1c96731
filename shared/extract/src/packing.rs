//! Undoes content codings (RFC 9110, section 8.4) with a bound on the output, also if a server
//! names another coding than it uses.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};

use brotli_decompressor::Decompressor;
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};

use crate::gzip;

/// The most codings that are undone, one inside the other.
const MAX_LAYERS: usize = 4;
/// The length of a body's start that shows if the body is text.
const TEXT_BYTES: usize = 1024;
/// The largest window, as a power of two, that a zstd frame on the web may need (RFC 9659).
const ZSTD_WINDOW_LOG: u32 = 23;
/// The bytes that the brotli decoder reads at once.
const BROTLI_BUFFER_BYTES: usize = 16 * 1024;

/// A body without its content codings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpacked<'b> {
    /// The bytes that could be read, within the limit.
    pub bytes: Cow<'b, [u8]>,
    /// The reason why the bytes end.
    pub end: End,
}

/// The reason why the bytes of a body end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The body was read to its end.
    Whole,
    /// The body is longer than the limit.
    Limit,
    /// The body breaks off, is damaged, or has an unknown coding.
    Broken,
}

/// A coding that can be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// Returns true if `content_encoding` names a coding, or if `body` starts as gzip or zstd.
pub fn is_packed(body: &[u8], content_encoding: Option<&str>) -> bool {
    named(content_encoding).next().is_some() || Coding::by_magic(body).is_some()
}

/// Undoes the codings that `content_encoding` names and those that the bytes show. Returns at most
/// `limit` bytes. A named coding that the body does not have is ignored if the body is text.
pub fn unpacked<'b>(body: &'b [u8], content_encoding: Option<&str>, limit: usize) -> Unpacked<'b> {
    let mut bytes = Cow::Borrowed(body);
    // The coding that is named last was applied last.
    let mut codings: Vec<_> = named(content_encoding).take(MAX_LAYERS + 1).collect();
    for _ in 0..=MAX_LAYERS {
        let coding = codings.pop().map_or_else(|| Coding::by_magic(&bytes).map(Ok), Some);
        let Some(coding) = coding else {
            let end = if bytes.len() > limit { End::Limit } else { End::Whole };
            return Unpacked { bytes: cut(bytes, limit), end };
        };
        match coding.map(|coding| coding.undo(&bytes, limit)) {
            Ok((inner, End::Whole)) => bytes = Cow::Owned(inner),
            Ok((inner, End::Limit)) => return Unpacked { bytes: inner.into(), end: End::Limit },
            Ok(_) | Err(UnknownCoding) if is_text(&bytes) => {}
            Ok((inner, end)) => return Unpacked { bytes: inner.into(), end },
            Err(UnknownCoding) => break,
        }
    }
    Unpacked { bytes: Cow::Borrowed(&[]), end: End::Broken }
}

fn cut(bytes: Cow<'_, [u8]>, limit: usize) -> Cow<'_, [u8]> {
    match bytes {
        Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[..bytes.len().min(limit)]),
        Cow::Owned(mut bytes) => {
            bytes.truncate(limit);
            Cow::Owned(bytes)
        }
    }
}

/// A named coding that is not supported.
struct UnknownCoding;

/// Returns the codings in the header's order, without those that change nothing.
fn named(content_encoding: Option<&str>) -> impl Iterator<Item = Result<Coding, UnknownCoding>> {
    let names = content_encoding.unwrap_or_default().split(',').map(str::trim);
    names.filter_map(|name| match name.to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" => Some(Ok(Coding::Gzip)),
        "deflate" | "x-deflate" => Some(Ok(Coding::Deflate)),
        "br" => Some(Ok(Coding::Brotli)),
        "zstd" => Some(Ok(Coding::Zstd)),
        "compress" | "x-compress" | "dcb" | "dcz" | "exi" | "pack200-gzip" => {
            Some(Err(UnknownCoding))
        }
        // Some headers name charsets or other mistakes here.
        _ => None,
    })
}

impl Coding {
    fn by_magic(bytes: &[u8]) -> Option<Self> {
        match bytes {
            _ if gzip::is_gzip(bytes) => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Returns the decoded bytes and the reason why they end. Another coding is tried if the bytes
    /// show it.
    fn undo(self, bytes: &[u8], limit: usize) -> (Vec<u8>, End) {
        match Self::by_magic(bytes).unwrap_or(self) {
            Self::Gzip => gunzipped(bytes, limit),
            Self::Zstd => read(zstd_reader(bytes), Vec::new(), limit),
            Self::Brotli => read(Decompressor::new(bytes, BROTLI_BUFFER_BYTES), Vec::new(), limit),
            // The standard means zlib, but many servers send the bare deflate stream.
            Self::Deflate => match read(ZlibDecoder::new(bytes), Vec::new(), limit) {
                (_, End::Broken) => read(DeflateDecoder::new(bytes), Vec::new(), limit),
                undone => undone,
            },
        }
    }
}

/// Returns the content of the members of a gzip stream. Bytes after the members are ignored, as
/// browsers do.
fn gunzipped(mut rest: &[u8], limit: usize) -> (Vec<u8>, End) {
    let mut content = Vec::new();
    loop {
        let mut decoder = GzDecoder::new(rest);
        let end;
        (content, end) = read(&mut decoder, content, limit);
        rest = decoder.into_inner();
        if end != End::Whole || !gzip::is_gzip(rest) {
            return (content, end);
        }
    }
}

fn zstd_reader(bytes: &[u8]) -> Box<dyn BufRead + Send + '_> {
    let decoder = zstd::stream::read::Decoder::with_buffer(bytes).and_then(|mut decoder| {
        decoder.window_log_max(ZSTD_WINDOW_LOG)?;
        Ok(decoder)
    });
    match decoder {
        Ok(decoder) => Box::new(BufReader::new(decoder)),
        Err(error) => failing(error),
    }
}

/// Makes a reader that fails once, with an earlier error.
pub(crate) fn failing<'r>(error: std::io::Error) -> Box<dyn BufRead + Send + 'r> {
    struct Failing(Option<std::io::Error>);
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            self.0.take().map_or(Ok(0), Err)
        }
    }
    Box::new(BufReader::new(Failing(Some(error))))
}

/// Adds the output of `reader` to `content`, up to `limit` bytes in all.
fn read(reader: impl Read, mut content: Vec<u8>, limit: usize) -> (Vec<u8>, End) {
    let room = limit.saturating_sub(content.len());
    let one_more = u64::try_from(room).unwrap_or(u64::MAX).saturating_add(1);
    let read = reader.take(one_more).read_to_end(&mut content);
    if content.len() > limit {
        content.truncate(limit);
        return (content, End::Limit);
    }
    (content, if read.is_ok() { End::Whole } else { End::Broken })
}

/// Returns true if the start has no control characters, which packed bytes have.
fn is_text(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(TEXT_BYTES)];
    let is_wide = start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]);
    let is_layout = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    is_wide || start.iter().all(|byte| *byte >= b' ' || is_layout(*byte))
}

#[cfg(test)]
mod tests;
