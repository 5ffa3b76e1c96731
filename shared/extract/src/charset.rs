//! Bytes to text, the way browsers decide on an encoding.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// Browsers look at 1,024 bytes; pages with long scripts before their
/// declaration are common enough to look a little further.
const PRESCAN_BYTES: usize = 4096;

/// Decodes `bytes`: a byte order mark decides, then `hint` (a label, or a whole
/// `Content-Type`), then what the document declares, and at last windows-1252.
/// Bytes that cannot be decoded become U+FFFD.
///
/// Unlike in browsers, valid UTF-8 beyond ASCII is stronger than the document's
/// own declaration: pages saved to disk keep the declaration of the bytes that
/// they no longer have, and text in another encoding is hardly ever valid UTF-8.
pub(crate) fn decode(bytes: &[u8], hint: Option<&str>) -> String {
    let encoding = Encoding::for_bom(bytes)
        .map(|(encoding, _)| encoding)
        .or_else(|| hint.and_then(label_in_content_type).and_then(by_label))
        .or_else(|| (!bytes.is_ascii() && std::str::from_utf8(bytes).is_ok()).then_some(UTF_8))
        .or_else(|| declared(bytes))
        .unwrap_or(WINDOWS_1252);
    encoding.decode(bytes).0.into_owned()
}

/// Returns true if `bytes` can be text in the encoding that `hint` names, and are not plainly
/// in UTF-8 instead.
pub(crate) fn fits(bytes: &[u8], hint: &str) -> bool {
    let encoding = label_in_content_type(hint).and_then(by_label);
    encoding.is_some_and(|encoding| {
        let is_utf_8 = !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok();
        let fits = encoding.decode_without_bom_handling_and_without_replacement(bytes).is_some();
        fits && (encoding == UTF_8 || !is_utf_8)
    })
}

fn by_label(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label(label.trim().as_bytes())
}

/// `utf-8` of `text/html; charset="utf-8"`; a text without `/` is a label itself.
fn label_in_content_type(hint: &str) -> Option<&str> {
    if !hint.contains(['/', ';', '=']) {
        return Some(hint);
    }
    let at = hint.to_ascii_lowercase().find("charset=")?;
    let value = hint[at + "charset=".len()..].split(';').next()?;
    Some(value.trim_matches([' ', '"', '\'']))
}

fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let start =
        String::from_utf8_lossy(&bytes[..bytes.len().min(PRESCAN_BYTES)]).to_ascii_lowercase();
    let encoding = by_xml_declaration(&start).or_else(|| by_meta(&start))?;
    // A declaration that could be read as ASCII is not in UTF-16, whatever it says.
    Some(encoding.output_encoding())
}

fn by_xml_declaration(start: &str) -> Option<&'static Encoding> {
    let declaration = start.trim_start().strip_prefix("<?xml")?.split("?>").next()?;
    by_label(quoted_or_word(declaration.split_once("encoding=")?.1))
}

fn by_meta(start: &str) -> Option<&'static Encoding> {
    let tags = start.split("<meta").skip(1).filter_map(|rest| rest.split('>').next());
    tags.filter_map(|tag| tag.split_once("charset")?.1.trim_start().strip_prefix('='))
        .find_map(|value| by_label(quoted_or_word(value)))
}

fn quoted_or_word(value: &str) -> &str {
    let value = value.trim_start().trim_start_matches(['"', '\'']);
    value.split(['"', '\'', ' ', ';', '/', '>']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_stronger_than_the_header() {
        assert_eq!(decode(b"\xef\xbb\xbfcaf\xc3\xa9", Some("iso-8859-1")), "café");
        assert_eq!(decode(b"\xff\xfec\0\xe9\0", None), "cé");
    }

    #[test]
    fn the_header_is_stronger_than_the_document() {
        let page = b"<meta charset=utf-8>caf\xe9";
        assert_eq!(
            decode(page, Some("text/html; charset=\"ISO-8859-1\"")),
            "<meta charset=utf-8>café"
        );
        assert!(decode(page, Some("text/html")).contains('\u{fffd}'));
    }

    #[test]
    fn the_document_declares_its_encoding() {
        for start in [
            "<meta charset=\"windows-1251\">",
            "<META http-equiv=Content-Type content='text/html; charset=windows-1251'>",
            "<?xml version='1.0' encoding='windows-1251'?>",
        ] {
            let bytes = [start.as_bytes(), b"\xcc\xe8\xf0"].concat();
            assert!(decode(&bytes, None).ends_with("Мир"), "{start}");
        }
        let shift_jis = b"<meta charset=Shift_JIS>\x93\xfa\x96\x7b";
        assert!(decode(shift_jis, None).ends_with("日本"));
    }

    #[test]
    fn without_any_declaration_the_bytes_decide() {
        assert_eq!(decode("naïve".as_bytes(), None), "naïve");
        assert_eq!(decode(b"na\xefve \x93quoted\x94", None), "naïve “quoted”");
        assert_eq!(decode("naïve".as_bytes(), Some("no-such-charset")), "naïve");
        assert_eq!(decode("<meta charset=utf-16>ï".as_bytes(), None), "<meta charset=utf-16>ï");
        assert_eq!(decode("<meta charset=gbk>新闻".as_bytes(), None), "<meta charset=gbk>新闻");
    }
}
