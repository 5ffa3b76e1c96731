//! Decompression with a bound on the output.

use std::io::Read;

use flate2::read::MultiGzDecoder;

const MAGIC: [u8; 2] = [0x1f, 0x8b];

pub(crate) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Returns the content of `bytes`, cut at `limit`. A stream that breaks off gives the content
/// before the break. Returns `None` if nothing can be read.
pub(crate) fn inflate(bytes: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let read = MultiGzDecoder::new(bytes).take(limit).read_to_end(&mut content);
    (read.is_ok() || !content.is_empty()).then_some(content)
}
