//! Sitemaps, and the lists that are read beside them.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = courant_extract::kind(bytes, None, "");
    let _ = courant_extract::sitemap(bytes);
    let _ = courant_extract::url_list(&String::from_utf8_lossy(bytes));
    if let Ok(feeds) = courant_extract::opml(bytes) {
        let written = courant_extract::opml_of(feeds.iter().map(|feed| (feed.as_str(), None)));
        let again = courant_extract::opml(written.as_bytes());
        assert_eq!(again.ok(), Some(feeds), "what is written is read again");
    }
});
