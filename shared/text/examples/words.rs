//! Writes the words of texts as the search index sees them, to compare analyzers.
//!
//! Reads one text a line from standard input. `words document LANG` writes one JSON array a line:
//! for each word its forms. `words query LANG,LANG…` does the same for queries.

use std::io::{BufRead, Write, stdin, stdout};

use courant_text::analyzer::{analyze, query_words};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let kind = arguments.first().map_or("document", |kind| kind);
    let languages: Vec<&str> = arguments.get(1).map_or(vec![], |all| all.split(',').collect());
    let mut out = stdout().lock();
    for line in stdin().lock().lines() {
        let line = line?;
        let words = if kind == "query" {
            query(&line, &languages)
        } else {
            document(&line, languages.first().copied())
        };
        writeln!(out, "{}", serde_json::json!(words))?;
    }
    Ok(())
}

fn query(text: &str, languages: &[&str]) -> Vec<Vec<String>> {
    let words = query_words(text, languages).into_iter();
    words.filter(|word| !word.asks).map(|word| word.forms).collect()
}

fn document(text: &str, language: Option<&str>) -> Vec<Vec<String>> {
    let mut words = Vec::new();
    analyze(text, language, |word| {
        words.push(
            [Some(word.written), word.stem]
                .into_iter()
                .flatten()
                .map(|form| form.into_owned())
                .collect(),
        );
    });
    words
}
