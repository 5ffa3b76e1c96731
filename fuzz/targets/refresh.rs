//! Pages that send their readers on: the first line is a header `Refresh`, the rest is the page.

#![no_main]

use courant_extract::Refresh;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (header, page) = text.split_once('\n').unwrap_or((text, ""));
    let parsed = Refresh::parse(header);
    assert!(parsed.is_none_or(|refresh| !refresh.url.is_empty()));
    for header in [None, Some(header)] {
        if let Some(refresh) = Refresh::of_stub(page, header) {
            assert!(refresh.after.as_secs() <= 10 && !refresh.url.is_empty());
        }
    }
});
