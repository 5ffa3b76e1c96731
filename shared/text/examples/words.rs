//! Shows the words of texts as the search index sees them, to compare analyzers and their speed.
//!
//! Reads one text a line from standard input. `words document LANG` writes one JSON array a line,
//! the forms of each word. `words query LANG,LANG…` does the same for queries, without the words
//! that only ask. `words speed LANG` analyzes all texts as documents and writes words per second.

use std::io::{BufRead, Write, stdin, stdout};
use std::time::Instant;

use courant_text::analyzer::{analyze, query_words};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let languages: Vec<&str> = arguments.get(1).map_or(vec![], |all| all.split(',').collect());
    let texts: Vec<String> = stdin().lock().lines().collect::<Result<_, _>>()?;
    match arguments.first().map(String::as_str) {
        Some("query") => write(texts.iter().map(|text| query(text, &languages))),
        Some("speed") => writeln!(stdout(), "{}", speed(&texts, languages.first().copied())),
        _ => write(texts.iter().map(|text| document(text, languages.first().copied()))),
    }
}

fn write(texts: impl Iterator<Item = Vec<Vec<String>>>) -> std::io::Result<()> {
    let mut out = stdout().lock();
    texts.map(|words| serde_json::json!(words)).try_for_each(|words| writeln!(out, "{words}"))
}

fn query(text: &str, languages: &[&str]) -> Vec<Vec<String>> {
    let words = query_words(text, languages).into_iter();
    words.filter(|word| !word.asks).map(|word| word.forms).collect()
}

fn document(text: &str, language: Option<&str>) -> Vec<Vec<String>> {
    let mut words = Vec::new();
    analyze(text, language, |word| {
        let forms = [Some(word.written), word.stem].into_iter().flatten();
        words.push(forms.map(|form| form.into_owned()).collect());
    });
    words
}

fn speed(texts: &[String], language: Option<&str>) -> String {
    let (start, mut words) = (Instant::now(), 0);
    for text in texts {
        analyze(text, language, |_| words += 1);
    }
    let seconds = start.elapsed().as_secs_f64();
    let (per_second, texts) = (f64::from(words) / seconds, texts.len() as f64 / seconds);
    format!("{words} words in {seconds:.2} s: {per_second:.0} words/s, {texts:.0} texts/s")
}
