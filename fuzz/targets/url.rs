//! The canonical form of URLs: one that is canonical stays as it is.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(canonical) = courant_dedup::canonicalize(text) {
        let again = courant_dedup::canonicalize(canonical.as_str());
        assert_eq!(again.ok().as_ref(), Some(&canonical), "{text:?}");
    }
});
