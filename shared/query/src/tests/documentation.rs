//! The examples of `docs/query.md`.

use super::{error, query};

/// Signs that the page names on their own.
const SIGNS: [&str; 6] = ["OR", "AND", "NOT", "-", "\\\"", "\\\\"];

/// The page up to its errors, and the errors.
fn page() -> (String, String) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/query.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (language, errors) = page.split_once("## Errors").unwrap();
    (language.replace("\\|", "|"), errors.to_owned())
}

#[test]
fn every_example_is_a_query() {
    let (language, _) = page();
    let (before, rest) = language.split_once("```query\n").unwrap();
    let (block, after) = rest.split_once("```").unwrap();
    let inline = [before, after].into_iter().flat_map(|text| text.split('`').skip(1).step_by(2));
    let examples = block.lines().chain(inline).filter(|text| !SIGNS.contains(text));
    let parsed: Vec<_> = examples.map(query).collect();
    assert!(parsed.len() > 60, "{} examples", parsed.len());
}

#[test]
fn every_error_is_told_as_documented() {
    let (_, errors) = page();
    let rows = errors.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    let rows: Vec<_> = rows.filter_map(|row| row.split_once("` | ")).collect();
    for (text, message) in &rows {
        assert_eq!(error(text).message, *message);
    }
    assert!(rows.len() > 8, "{} errors", rows.len());
}
