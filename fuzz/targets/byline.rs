//! A text becomes names, few and short, whatever it is.

#![no_main]

use courant_extract::names;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let found = names([text]);
    assert!(found.len() <= 20);
    assert!(found.iter().all(|name| !name.trim().is_empty() && name.chars().count() <= 300));
});
