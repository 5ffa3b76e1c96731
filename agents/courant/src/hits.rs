//! Formats the hits of a search for a person.

use console::Style;
use courant_api::articles::{Found, Related};
use courant_api::search::SearchAnswer;

use crate::paper::{Paper, in_words, short_id};

/// The number of blanks before the lines of a hit.
const INDENT: usize = 5;

/// Returns one numbered paragraph per hit, and the way to the next page.
pub(crate) fn show_hits(answer: &SearchAnswer, paper: &Paper) -> String {
    match answer.hits.as_slice() {
        [] => "  nothing found\n".to_owned(),
        hits => listed(hits, paper) + &paper.styled(&Style::new().dim(), &footer(answer)),
    }
}

/// Returns one numbered paragraph per related article.
pub(crate) fn show_related(answer: &Related, paper: &Paper) -> String {
    match answer.hits.as_slice() {
        [] => "  nothing found\n".to_owned(),
        hits => listed(hits, paper),
    }
}

/// Returns one numbered paragraph per hit. Copies stand under their original, or under the first
/// copy if the original is not a hit.
fn listed(hits: &[Found], paper: &Paper) -> String {
    let folded = folded(hits).into_iter().enumerate();
    folded.map(|(i, (hit, copies))| show_hit(i + 1, hit, &copies, paper)).collect()
}

/// Returns the number of all articles that fulfil the conditions, and the way to the next page.
fn footer(answer: &SearchAnswer) -> String {
    let mut footer = format!("\n  {} in all", answer.total);
    if answer.relaxed {
        footer += " with every word; others have some of them, or are near in meaning";
    }
    if let Some(missing) = answer.not_indexed_yet {
        footer += &format!("; {missing} stored articles cannot be found yet");
    }
    if let Some(cursor) = &answer.cursor {
        footer += &format!("; more: --cursor {cursor}");
    }
    footer + "\n"
}

/// Returns the hits with different texts in their order, each with its copies.
fn folded(hits: &[Found]) -> Vec<(&Found, Vec<&Found>)> {
    let mut groups: Vec<(&str, Vec<&Found>)> = Vec::new();
    for hit in hits {
        let text = hit.syndicated_of.as_ref().unwrap_or(&hit.id);
        match groups.iter_mut().find(|(known, _)| known == text) {
            Some((_, group)) => group.push(hit),
            None => groups.push((text, vec![hit])),
        }
    }
    groups.into_iter().map(|(text, group)| first_ahead(text, group)).collect()
}

/// Separates the hit with the id `text`, else the first hit, from the rest of `group`.
fn first_ahead<'a>(text: &str, mut group: Vec<&'a Found>) -> (&'a Found, Vec<&'a Found>) {
    let first = group.iter().position(|hit| hit.id == text).unwrap_or(0);
    (group.remove(first), group)
}

fn show_hit(place: usize, hit: &Found, copies: &[&Found], paper: &Paper) -> String {
    let (title, dim) = (Style::new().bold().cyan(), Style::new().dim());
    let published = in_words(hit.published_at.as_deref().unwrap_or_default());
    let site = hit.site_name.as_deref().unwrap_or_default();
    let language = hit.language.as_deref().unwrap_or_default();
    let about = [site, &published, language, short_id(&hit.id)];
    let about: Vec<_> = about.into_iter().filter(|part| !part.is_empty()).collect();
    let mut shown = format!("{place:>3}. {}\n", paper.styled(&title, &hit.title));
    shown += &paper.wrapped(&paper.styled(&dim, &about.join(" · ")), INDENT);
    shown += &paper.wrapped(&paper.marked(&hit.snippet, &hit.snippet_highlights), INDENT);
    shown += &format!("{}{}\n", " ".repeat(INDENT), hit.url);
    for copy in copies {
        let site = copy.site_name.as_deref().unwrap_or_default();
        let line = format!("also {site} · {} · {}", short_id(&copy.id), copy.url);
        shown += &format!("{}{}\n", " ".repeat(INDENT), paper.styled(&dim, &line));
    }
    if hit.copies > 0 {
        let line = format!("{} more copies of this text", hit.copies);
        shown += &format!("{}{}\n", " ".repeat(INDENT), paper.styled(&dim, &line));
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn copies_stand_under_the_text_that_was_first() {
        let hit = |(id, first): (&str, Option<&str>)| {
            let hit =
                json!({"id": id, "url": "", "title": "", "snippet": "", "syndicated_of": first});
            serde_json::from_value::<Found>(hit).unwrap()
        };
        let hits = [
            ("copy-1", Some("first")),
            ("other", None),
            ("first", None),
            ("copy-2", Some("absent")),
        ];
        let hits = hits.map(hit);
        let id = |hit: &Found| hit.id.clone();
        let shown: Vec<_> = folded(&hits)
            .into_iter()
            .map(|(hit, copies)| (id(hit), copies.into_iter().map(id).collect::<Vec<_>>()))
            .collect();
        let one = |hit: &str, copies: &[&str]| {
            (hit.to_owned(), copies.iter().map(|copy| (*copy).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(shown, [one("first", &["copy-1"]), one("other", &[]), one("copy-2", &[])]);
    }
}
