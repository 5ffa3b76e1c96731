//! A text becomes a cursor that is written as it was, or an error with its beginning.

#![no_main]

use courant_api::Cursor;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match text.parse::<Cursor>() {
        Ok(cursor) => assert_eq!(cursor.to_string().parse(), Ok(cursor), "{text:?}"),
        Err(error) => assert!(error.to_string().chars().count() < 1_000, "{text:?}"),
    }
});
