//! Feeds of all formats: whatever they hold, nothing that runs comes out.

#![no_main]

use courant_extract::sources;
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|bytes: &[u8]| {
    let base = Url::parse("https://site.example/feed").ok();
    let Ok(feed) = sources::feed(bytes, None, base.as_ref()) else { return };
    for entry in &feed.entries {
        let texts = [entry.title.clone(), entry.summary.html(), entry.content.html()];
        for text in texts.into_iter().flatten() {
            let text = text.to_ascii_lowercase();
            assert!(!text.contains("<script") && !text.contains("<iframe"), "{text}");
        }
        let _ = entry.headline();
        let is_page = |url: &String| Url::parse(url).is_ok_and(|url| url.scheme().starts_with("http"));
        assert!(entry.url.as_ref().is_none_or(is_page));
    }
});
