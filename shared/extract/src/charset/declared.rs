//! The encoding that a document declares for itself.

use encoding_rs::Encoding;

use super::label;
use crate::markup::{Piece, Pieces, is_element};

/// The most bytes that are searched. Browsers look at 1,024 bytes first, and read a page again if a
/// declaration follows later.
const MAX_PRESCAN_BYTES: usize = 512 * 1024;

/// Returns the encoding in an XML declaration, or in the first `meta` element that names one.
/// Scripts, styles and comments are skipped.
pub(super) fn encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = &bytes[..bytes.len().min(MAX_PRESCAN_BYTES)];
    let encoding = in_xml_declaration(start).or_else(|| in_meta(start))?;
    // A declaration that could be read as ASCII is not in UTF-16, whatever it says.
    Some(encoding.output_encoding())
}

fn in_xml_declaration(start: &[u8]) -> Option<&'static Encoding> {
    let start = start.trim_ascii_start();
    let declaration = start.strip_prefix(b"<?xml")?.split(|byte| *byte == b'>').next()?;
    value_of(&lower(declaration), "encoding")
}

fn in_meta(start: &[u8]) -> Option<&'static Encoding> {
    Pieces::of(start).find_map(|piece| match piece {
        Piece::Tag(tag) if is_element(tag, "meta") => value_of(&lower(tag), "charset"),
        _ => None,
    })
}

/// Returns the encoding in the first `name = value` that names one.
fn value_of(tag: &str, name: &str) -> Option<&'static Encoding> {
    let mut values = tag.split(name).skip(1);
    values.find_map(|rest| label::named(quoted_or_word(rest.trim_start().strip_prefix('=')?)))
}

fn quoted_or_word(value: &str) -> &str {
    let value = value.trim_start().trim_start_matches(['"', '\'']).trim_start();
    value.split(['"', '\'', ' ', '\t', '\r', '\n', ';', '/', '>']).next().unwrap_or_default()
}

fn lower(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).to_ascii_lowercase()
}
