//! Web archives.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for page in courant_extract::sources::warc(bytes) {
        let _ = page;
    }
});
