//! HTML pages.

#![no_main]

use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|bytes: &[u8]| {
    let Ok(url) = Url::parse("https://site.example/2024/03/05/a-page") else { return };
    if let Ok(page) = courant_extract::page(bytes, None, &url) {
        assert!(page.text.len() <= courant_extract::MAX_PAGE_TEXT_BYTES);
    }
});
