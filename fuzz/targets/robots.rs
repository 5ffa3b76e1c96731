//! robots.txt: the first line is the path asked for, the rest is the file.

#![no_main]

use courant_extract::sources::{Indexing, Robots};
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|bytes: &[u8]| {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (path, file) = bytes.split_at(end);
    let path = String::from_utf8_lossy(path);
    let robots = Robots::parse(file, "courant");
    let site = Url::parse("https://site.example/");
    if let Ok(url) = site.and_then(|site| site.join(&path)) {
        let _ = robots.allows(&url);
    }
    let said = Indexing::default().with_header(&path, "courant");
    let _ = said.with_meta("robots", &path, "courant");
});
