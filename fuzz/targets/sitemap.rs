//! Sitemaps, and the lists that are read beside them.

#![no_main]

use courant_extract::sources;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = sources::kind(bytes, None, "");
    let _ = sources::sitemap(bytes);
    let _ = sources::url_list(bytes);
    if let Ok(feeds) = sources::opml(bytes) {
        let written = sources::opml_of(feeds.iter().map(|feed| (feed.as_str(), None)));
        let again = sources::opml(written.as_bytes());
        assert_eq!(again.ok(), Some(feeds), "what is written is read again");
    }
});
