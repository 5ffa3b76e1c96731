//! The encoding that a document declares for itself.

use encoding_rs::Encoding;

use super::by_label;

/// Browsers look at 1,024 bytes first, and read a page anew where a declaration stands
/// further on.
const MAX_PRESCAN_BYTES: usize = 512 * 1024;

/// The encoding in an XML declaration, or in the first `meta` element that names one. Scripts,
/// styles and comments are passed over.
pub(super) fn encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = &bytes[..bytes.len().min(MAX_PRESCAN_BYTES)];
    let encoding = in_xml_declaration(start).or_else(|| in_meta(start))?;
    // A declaration that could be read as ASCII is not in UTF-16, whatever it says.
    Some(encoding.output_encoding())
}

fn in_xml_declaration(start: &[u8]) -> Option<&'static Encoding> {
    let start = start.trim_ascii_start();
    let end = find(start, b"?>").unwrap_or(start.len().min(1024));
    let declaration = lower(start.strip_prefix(b"<?xml").and(Some(&start[..end]))?);
    value_of(&declaration, "encoding")
}

fn in_meta(mut rest: &[u8]) -> Option<&'static Encoding> {
    while let Some(at) = rest.iter().position(|byte| *byte == b'<') {
        rest = &rest[at + 1..];
        let name: Vec<u8> = rest.iter().take(7).map(u8::to_ascii_lowercase).collect();
        let end = match &name[..] {
            // One that does not end goes on to the end of the page.
            [b'!', b'-', b'-', ..] => find(rest, b"-->")?,
            [b's', b'c', b'r', b'i', b'p', b't', ..] => find(rest, b"</script")?,
            [b's', b't', b'y', b'l', b'e', ..] => find(rest, b"</style")?,
            [b'm', b'e', b't', b'a', after, ..] if !after.is_ascii_alphanumeric() => {
                let tag = rest.split(|byte| *byte == b'>').next()?;
                if let Some(encoding) = value_of(&lower(tag), "charset") {
                    return Some(encoding);
                }
                tag.len()
            }
            _ => 0,
        };
        rest = &rest[end..];
    }
    None
}

/// The value behind the first `name =` that names an encoding.
fn value_of(tag: &str, name: &str) -> Option<&'static Encoding> {
    let mut values = tag.split(name).skip(1);
    values.find_map(|rest| by_label(quoted_or_word(rest.trim_start().strip_prefix('=')?)))
}

fn quoted_or_word(value: &str) -> &str {
    let value = value.trim_start().trim_start_matches(['"', '\'']).trim_start();
    value.split(['"', '\'', ' ', '\t', '\r', '\n', ';', '/', '>']).next().unwrap_or_default()
}

fn lower(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).to_ascii_lowercase()
}

fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    bytes.windows(text.len()).position(|window| window.eq_ignore_ascii_case(text))
}
