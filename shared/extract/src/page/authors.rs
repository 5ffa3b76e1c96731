//! The authors of a page.

use courant_article::{Origin, Sourced};

use super::element::Place;
use super::shown::{Byline, Sureness};
use super::structured::Structured;
use super::survey::Survey;
use crate::byline::{Source, is_same, names_in};

const AUTHOR_META: [&str; 14] = [
    "author",
    "article:author",
    "article:author_name",
    "article:author:name",
    "og:article:author",
    "parsely-author",
    "sailthru.author",
    "dc.creator",
    "dcterms.creator",
    "dc.contributor",
    "cxenseparse:author",
    "byl",
    "citation_author",
    "twitter:data1",
];
/// The most elements between the names of one byline.
const MAX_DISTANCE: usize = 25;
/// The most elements between the headline and its byline.
const MAX_FROM_HEADING: usize = 150;

/// Returns the authors: from structured data first, then from meta elements, then from the text
/// that readers see. Persons come before publishers, which are the author only if nobody else is.
///
/// `headline`: the place of the headline. `sites`: the names of the site.
pub(super) fn authors(
    survey: &Survey,
    structured: &Structured,
    headline: Option<Place>,
    sites: &[String],
) -> Option<Sourced<Vec<String>>> {
    let is_site = |name: &String| sites.iter().any(|site| is_same(site, name));
    let given = names_in(structured.authors.iter().map(String::as_str), Source::Field);
    let declared = declared(survey);
    let shown = shown(survey, headline);
    let organizations =
        names_in(structured.organizations.iter().map(String::as_str), Source::Field);
    let found = [
        (given, Origin::Declared),
        (declared, Origin::Declared),
        (shown, Origin::Shown),
        (organizations, Origin::Declared),
    ]
    .map(|(value, origin)| Sourced { value, origin });
    let persons = found.iter().find_map(|names| {
        let persons = names.value.iter().filter(|name| !is_site(name));
        let persons: Vec<String> = persons.map(|name| without_site(name, sites)).collect();
        (!persons.is_empty()).then_some(Sourced { value: persons, origin: names.origin })
    });
    persons.or_else(|| found.into_iter().find(|names| !names.value.is_empty()))
}

/// Removes the site's name after a name: `Ann Lee The Gazette`.
fn without_site(name: &str, sites: &[String]) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let site =
        (2..words.len()).find(|at| sites.iter().any(|site| is_same(site, &words[*at..].join(" "))));
    let marks = [',', '-', '–', '—', ' '];
    site.map_or_else(
        || name.to_owned(),
        |at| words[..at].join(" ").trim_end_matches(marks).to_owned(),
    )
}

fn declared(survey: &Survey) -> Vec<String> {
    let is_written_by = survey.meta.get("twitter:label1").is_some_and(|label| {
        ["written by", "verfasst von", "escrito por", "écrit par"]
            .iter()
            .any(|by| label.eq_ignore_ascii_case(by))
    });
    AUTHOR_META
        .iter()
        .filter(|name| **name != "twitter:data1" || is_written_by)
        .map(|name| names_in(survey.meta.all(name), Source::Field))
        .find(|names| !names.is_empty())
        .unwrap_or_default()
}

/// Returns the names of the surest byline near or after the headline. Returns the one person whom
/// the markup of a margin calls the author if there is no such byline.
fn shown(survey: &Survey, headline: Option<Place>) -> Vec<String> {
    let start = headline.map_or(0, |place| place.at);
    let is_in_margin = headline.is_some_and(|place| place.is_margin);
    let of_article = surest(survey, |byline| {
        let at = byline.place.at;
        (is_in_margin || !byline.place.is_margin)
            && at + MAX_DISTANCE >= start
            && (byline.sureness > Sureness::Start || at <= start + MAX_FROM_HEADING)
    });
    if !of_article.is_empty() {
        return of_article;
    }
    let named = |byline: &Byline| byline.sureness == Sureness::Named && !byline.place.is_of_others;
    Some(surest(survey, named)).filter(|names| names.len() == 1).unwrap_or_default()
}

/// Returns the names of the surest accepted byline, and those of the bylines right after it.
fn surest(survey: &Survey, accepts: impl Fn(&Byline) -> bool) -> Vec<String> {
    let order =
        [Sureness::Named, Sureness::Byline, Sureness::Start, Sureness::Linked, Sureness::Class];
    let of = |sureness: Sureness| {
        let mut last: Option<usize> = None;
        let all = survey.bylines.iter().filter(|byline| byline.sureness == sureness);
        let group = all.filter(|byline| accepts(byline)).map_while(|byline| {
            let is_apart = last.is_some_and(|last| byline.place.at > last + MAX_DISTANCE);
            last = Some(byline.place.at);
            (!is_apart).then_some(byline.text.as_str())
        });
        let source = if sureness == Sureness::Start { Source::Prose } else { Source::Shown };
        names_in(group, source)
    };
    order.into_iter().map(of).find(|names| !names.is_empty()).unwrap_or_default()
}
