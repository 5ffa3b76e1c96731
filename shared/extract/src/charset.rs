//! Decodes bytes to text. The bytes themselves decide first, then the labels of the server and the
//! document. The look of the letters decides if no label is right.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use url::Url;

mod declared;
mod detect;
mod label;

pub(crate) use detect::Site;

/// The escape character, which starts every shift of ISO-2022-JP.
const ESCAPE: u8 = 0x1b;
/// UTF-8 may have one broken sequence in this many letters beyond ASCII. Pages that are put
/// together from several sources do.
const UTF_8_LETTERS_PER_FLAW: usize = 16;
/// A label is wrong if it fails for more than one in this many letters beyond ASCII.
const LETTERS_PER_FLAW: usize = 8;

/// Decodes `bytes`. Bytes that cannot be decoded become U+FFFD.
///
/// A byte order mark decides. Valid UTF-8 with letters beyond ASCII is UTF-8, whatever the labels
/// say: text in another encoding is hardly ever valid UTF-8, and servers often name one charset for
/// all their files. Otherwise the first encoding that fits the bytes is taken. The order is `hint`
/// (a label or a whole `Content-Type`), the document's own declaration, and the encoding that the
/// letters look like. This order differs from that of browsers only if a label is wrong.
pub(crate) fn decode<'b>(bytes: &'b [u8], hint: Option<&str>, site: Site<'_>) -> Cow<'b, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes)
        && !bytes.starts_with(&[0xff, 0xfe, 0, 0])
    {
        return encoding.decode_without_bom_handling(&bytes[mark..]).0;
    }
    if let Some(text) = wide(bytes) {
        return Cow::Owned(text);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if !bytes.is_ascii() || !bytes.contains(&ESCAPE) => Cow::Borrowed(text),
        _ if is_nearly_utf_8(bytes) => by(UTF_8, bytes),
        _ => by_labels(bytes, hint, site),
    }
}

/// Returns the text of a document, decoded as every reader of this crate decodes it. Bytes that
/// cannot be decoded become U+FFFD.
///
/// `content_type`: the `Content-Type` of the response, or a charset. `url`: the URL from which the
/// document was fetched.
pub fn decoded<'b>(
    document: &'b [u8],
    content_type: Option<&str>,
    url: Option<&Url>,
) -> Cow<'b, str> {
    decode(document, content_type, url.into())
}

/// Decodes UTF-16 and UTF-32 without a byte order mark. The first character of the document shows
/// which it is.
fn wide(bytes: &[u8]) -> Option<String> {
    Some(match bytes {
        [0xff, 0xfe, 0, 0, rest @ ..] => utf_32(rest, u32::from_le_bytes),
        [0, 0, 0xfe, 0xff, rest @ ..] => utf_32(rest, u32::from_be_bytes),
        [b'<', 0, 0, 0, ..] => utf_32(bytes, u32::from_le_bytes),
        [0, 0, 0, b'<', ..] => utf_32(bytes, u32::from_be_bytes),
        [b'\t'..=b'~', 0, ..] => by(UTF_16LE, bytes).into_owned(),
        [0, b'\t'..=b'~', ..] => by(UTF_16BE, bytes).into_owned(),
        _ => return None,
    })
}

fn utf_32(bytes: &[u8], read: fn([u8; 4]) -> u32) -> String {
    let (units, _) = bytes.as_chunks::<4>();
    let codes = units.iter().map(|unit| read(*unit));
    codes.map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn by<'b>(encoding: &'static Encoding, bytes: &'b [u8]) -> Cow<'b, str> {
    encoding.decode_without_bom_handling(bytes).0
}

/// Returns true for UTF-8 that is cut at its end, or has a flaw here and there.
fn is_nearly_utf_8(bytes: &[u8]) -> bool {
    let (mut letters, mut flaws) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        letters += chunk.valid().bytes().filter(|byte| *byte >= 0xc0).count();
        flaws += usize::from(!chunk.invalid().is_empty());
    }
    let is_cut = std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none());
    letters > 0 && (is_cut || letters >= UTF_8_LETTERS_PER_FLAW.saturating_mul(flaws))
}

fn by_labels<'b>(bytes: &'b [u8], hint: Option<&str>, site: Site<'_>) -> Cow<'b, str> {
    let hinted = hint.and_then(label::in_content_type);
    let hinted = hinted.filter(|encoding| *encoding != UTF_16LE && *encoding != UTF_16BE);
    let declared = declared::encoding(bytes);
    // Many servers name ISO-8859-1 for all their files. It is read as windows-1252.
    let is_default = hinted == Some(WINDOWS_1252);
    let is_declared_rightly = |own| is_default && own == detect::encoding(bytes, site);
    let labels = match declared {
        Some(own) if is_declared_rightly(own) => [declared, hinted],
        _ => [hinted, declared],
    };
    for encoding in labels.into_iter().flatten() {
        let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
        if let Some(text) = text.or_else(|| text_with_few_flaws(bytes, encoding)) {
            return text;
        }
    }
    by(detect::encoding(bytes, site), bytes)
}

fn text_with_few_flaws<'b>(bytes: &'b [u8], encoding: &'static Encoding) -> Option<Cow<'b, str>> {
    let text = by(encoding, bytes);
    let letters = text.chars().filter(|letter| !letter.is_ascii()).count();
    let flaws = text.chars().filter(|letter| *letter == char::REPLACEMENT_CHARACTER).count();
    (flaws.saturating_mul(LETTERS_PER_FLAW) <= letters).then_some(text)
}

#[cfg(test)]
mod tests;
