//! Bytes that become a submission are a JSON object; others get an error with words.

#![no_main]

use courant_api::from_json;
use courant_api::sources::NewSource;
use courant_api::submissions::Submission;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

fuzz_target!(|bytes: &[u8]| {
    match from_json::<Submission>(bytes) {
        Ok(_) => assert!(serde_json::from_slice::<Map<String, Value>>(bytes).is_ok()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    drop(from_json::<NewSource>(bytes));
});
