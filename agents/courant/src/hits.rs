//! Formats the hits of a search for a person.

use console::Style;
use serde_json::Value;

use crate::paper::{Paper, in_words, short_id};

/// The number of blanks before the lines of a hit.
const INDENT: usize = 5;

/// Returns one numbered paragraph per hit. Copies stand under their original, or under the first
/// copy if the original is not a hit.
pub(crate) fn show_hits(answer: &Value, paper: &Paper) -> String {
    let hits = answer["hits"].as_array().map(Vec::as_slice).unwrap_or_default();
    if hits.is_empty() {
        return "  nothing found\n".to_owned();
    }
    let folded = folded(hits).into_iter().enumerate();
    let mut shown: String =
        folded.map(|(i, (hit, copies))| show_hit(i + 1, hit, &copies, paper)).collect();
    shown += &paper.styled(&Style::new().dim(), &footer(answer));
    shown
}

/// Returns the number of all articles that fulfil the conditions, and the way to the next page.
fn footer(answer: &Value) -> String {
    // A list of related articles has no total.
    let Some(total) = answer["total"].as_u64() else { return String::new() };
    let mut footer = format!("\n  {total} in all");
    if answer["relaxed"] == true {
        footer += " with every word; others have some of them, or are near in meaning";
    }
    if let Some(missing) = answer["not_indexed_yet"].as_u64() {
        footer += &format!("; {missing} stored articles cannot be found yet");
    }
    if let Some(cursor) = answer["cursor"].as_str() {
        footer += &format!("; more: --cursor {cursor}");
    }
    footer + "\n"
}

/// Returns the hits with different texts in their order, each with its copies.
fn folded(hits: &[Value]) -> Vec<(&Value, Vec<&Value>)> {
    let text_of = |hit: &Value| {
        let first = hit["syndicated_of"].as_str().or(hit["id"].as_str());
        first.unwrap_or_default().to_owned()
    };
    let mut groups: Vec<(String, Vec<&Value>)> = Vec::new();
    for hit in hits {
        let text = text_of(hit);
        match groups.iter_mut().find(|(known, _)| *known == text) {
            Some((_, group)) => group.push(hit),
            None => groups.push((text, vec![hit])),
        }
    }
    groups.into_iter().map(|(text, group)| first_ahead(&text, group)).collect()
}

/// Separates the hit with the id `text`, else the first hit, from the rest of `group`.
fn first_ahead<'a>(text: &str, mut group: Vec<&'a Value>) -> (&'a Value, Vec<&'a Value>) {
    let first = group.iter().position(|hit| hit["id"] == text).unwrap_or(0);
    (group.remove(first), group)
}

fn show_hit(place: usize, hit: &Value, copies: &[&Value], paper: &Paper) -> String {
    let text = |key: &str| hit[key].as_str().unwrap_or_default();
    let (title, dim) = (Style::new().bold().cyan(), Style::new().dim());
    let published = in_words(text("published_at"));
    let about = [text("site_name"), &published, text("language"), short_id(text("id"))];
    let about: Vec<_> = about.into_iter().filter(|part| !part.is_empty()).collect();
    let mut shown = format!("{place:>3}. {}\n", paper.styled(&title, text("title")));
    shown += &paper.wrapped(&paper.styled(&dim, &about.join(" · ")), INDENT);
    shown += &paper.wrapped(&paper.marked(text("snippet"), &hit["snippet_highlights"]), INDENT);
    shown += &format!("{}{}\n", " ".repeat(INDENT), text("url"));
    for copy in copies {
        let of = |key: &str| copy[key].as_str().unwrap_or_default();
        let line = format!("also {} · {} · {}", of("site_name"), short_id(of("id")), of("url"));
        shown += &format!("{}{}\n", " ".repeat(INDENT), paper.styled(&dim, &line));
    }
    if let Some(more) = hit["copies"].as_u64() {
        let line = format!("{more} more copies of this text");
        shown += &format!("{}{}\n", " ".repeat(INDENT), paper.styled(&dim, &line));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_stand_under_the_text_that_was_first() {
        let hits = serde_json::json!([
            {"id": "copy-1", "syndicated_of": "first"},
            {"id": "other"},
            {"id": "first"},
            {"id": "copy-2", "syndicated_of": "absent"},
        ]);
        let hits = hits.as_array().unwrap();
        let id = |hit: &Value| hit["id"].as_str().unwrap().to_owned();
        let shown: Vec<_> = folded(hits)
            .into_iter()
            .map(|(hit, copies)| (id(hit), copies.into_iter().map(id).collect::<Vec<_>>()))
            .collect();
        let one = |hit: &str, copies: &[&str]| {
            (hit.to_owned(), copies.iter().map(|copy| (*copy).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(shown, [one("first", &["copy-1"]), one("other", &[]), one("copy-2", &[])]);
    }
}
