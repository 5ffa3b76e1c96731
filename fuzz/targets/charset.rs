//! Bytes to text: the first line is what the server says of them. Valid UTF-8 stays as it is.

#![no_main]

use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|bytes: &[u8]| {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (hint, document) = bytes.split_at(end);
    let document = document.get(1..).unwrap_or_default();
    let url = Url::parse("https://site.example.jp/").ok();
    let hint = String::from_utf8_lossy(hint);
    let text = courant_extract::decoded(document, Some(&hint), url.as_ref());
    let is_plain = !document.contains(&0) && !document.starts_with(b"\xef\xbb\xbf");
    if let Ok(same) = std::str::from_utf8(document)
        && is_plain
        && !same.is_ascii()
    {
        assert_eq!(text, same, "said to be {hint:?}");
    }
});
