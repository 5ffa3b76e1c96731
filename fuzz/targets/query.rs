//! A text becomes a query that can be written, or an error with its place.

#![no_main]

use courant_query::{MAX_CHARS, Query};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let now = Timestamp::UNIX_EPOCH;
    match Query::parse(text, now) {
        Ok(query) => {
            let written = query.to_string();
            if written.chars().count() <= MAX_CHARS {
                assert_eq!(Query::parse(&written, now), Ok(query), "{text:?}");
            }
        }
        Err(error) => assert!(error.position <= text.chars().count(), "{text:?}"),
    }
});
