//! Packed bodies: the first line names the codings. Nothing is longer than the limit.

#![no_main]

use libfuzzer_sys::fuzz_target;

const LIMIT: usize = 100_000;

fuzz_target!(|bytes: &[u8]| {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (names, body) = bytes.split_at(end);
    let body = body.get(1..).unwrap_or_default();
    let unpacked = courant_extract::unpacked(body, std::str::from_utf8(names).ok(), LIMIT);
    assert!(unpacked.bytes.len() <= LIMIT);
    let _ = courant_extract::is_complete(&unpacked.bytes);
});
