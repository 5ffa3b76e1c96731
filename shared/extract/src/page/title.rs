//! The headline.

use courant_article::{Origin, Sourced};

use super::element::Place;
use super::likeness::likeness;
use super::shown::Heading;
use super::site::{self, Names, is_behind_headline, is_site};
use super::structured::Structured;
use super::survey::Survey;
use super::tidy::tidy;
use crate::date::{Order, date_within};

const MAX_TITLE_CHARS: usize = 500;
const TITLE_META: [&str; 8] = [
    "og:title",
    "twitter:title",
    "parsely-title",
    "sailthru.title",
    "dc.title",
    "dcterms.title",
    "citation_title",
    "title",
];
/// The fewest characters of a headline. A shorter heading is a section's or a site's name.
const MIN_HEADING_CHARS: usize = 3;
/// The share of common words from which a heading and a title say the same.
const MIN_LIKENESS: f64 = 0.35;
/// The share of common words from which two titles are the same.
const SAME: f64 = 0.99;
/// The share of common words from which a lesser heading is the headline.
const SURE_LIKENESS: f64 = 0.8;
/// The fewest letters of a kicker. Shorter words are articles: `The`.
const MIN_KICKER_LETTERS: usize = 4;
/// The fewest words of a title that is looked for in a longer one. Shorter titles may be part of it
/// by chance.
const MIN_TITLE_WORDS: usize = 4;

/// Returns the article's headline without the site's name. It is the heading that readers see if
/// the page's own titles agree with it, else the title on which most of them agree.
pub(super) fn title(
    survey: &Survey,
    structured: &Structured,
    names: &Names<'_>,
) -> Sourced<String> {
    let own = site_headings(survey, structured, names);
    let sites: Vec<String> = names.sites.iter().cloned().chain(own).collect();
    let names = Names { sites: &sites, ..*names };
    let headings = headings(survey, &names);
    let declared = declared(survey, structured, &names);
    let agreed = agreed_heading(&headings, &declared).or_else(|| most_agreed(survey, &declared));
    let of = |origin: Origin| move |value: String| Sourced { value, origin };
    agreed
        .map(of(if declared.is_empty() { Origin::Shown } else { Origin::Declared }))
        .or_else(|| headings.into_iter().next().map(of(Origin::Shown)))
        .or_else(|| page_title(survey).map(of(Origin::Guessed)))
        .unwrap_or_else(|| of(Origin::Guessed)(String::new()))
}

fn page_title(survey: &Survey) -> Option<String> {
    survey.title.as_deref().map(|title| tidy(title, MAX_TITLE_CHARS))
}

/// Returns the titles that the page declares, the best first, without names of the site.
fn declared(survey: &Survey, structured: &Structured, names: &Names<'_>) -> Vec<String> {
    let meta = TITLE_META.iter().filter_map(|name| survey.meta.get(name));
    let all = structured.headline.as_deref().into_iter().chain(meta).chain(survey.title.as_deref());
    all.map(|title| names.headline(&tidy(title, MAX_TITLE_CHARS)))
        .filter(|title| !title.is_empty() && !is_site(title, names.sites))
        .collect()
}

/// Returns the place of the headline. It is the heading with the title's text, else the first
/// heading outside the margins.
pub(super) fn place(survey: &Survey, title: &str) -> Option<Place> {
    let like = |headings: &'_ [Heading], least: f64| {
        headings
            .iter()
            .find(|heading| likeness(&heading.text, title) >= least)
            .map(|found| found.place)
    };
    let first = || survey.headings.iter().find(|heading| !heading.place.is_margin);
    like(&survey.headings, MIN_LIKENESS)
        .or_else(|| like(&survey.subheadings, SURE_LIKENESS))
        .or_else(|| first().map(|heading| heading.place))
}

/// Returns the headings of the article without names of the site behind them, or those of margins
/// if there are no others.
fn headings(survey: &Survey, names: &Names<'_>) -> Vec<String> {
    let read = |is_margin: bool| -> Vec<String> {
        let headings =
            survey.headings.iter().filter(|heading| heading.place.is_margin == is_margin);
        let texts = headings.map(|heading| tidy(&heading.text, MAX_TITLE_CHARS));
        let is_short = |text: &str| text.chars().count() < MIN_HEADING_CHARS;
        texts
            .map(|text| names.without_end(&text).map(str::to_owned).unwrap_or(text))
            .filter(|text| !is_short(text) && !is_site(text, names.sites))
            .collect()
    };
    Some(read(false)).filter(|found| !found.is_empty()).unwrap_or_else(|| read(true))
}

/// Returns the headings that are the site's name: those beside the headline in the page's title,
/// and a heading above a lesser one that is all of the page's title.
fn site_headings(survey: &Survey, structured: &Structured, names: &Names<'_>) -> Vec<String> {
    let Some(title) = page_title(survey) else { return Vec::new() };
    let lesser = |text: &str, least: f64| {
        survey.subheadings.iter().any(|heading| likeness(&heading.text, text) >= least)
    };
    let is_given = |text: &str| {
        let given = structured.headline.as_deref().into_iter().chain(survey.meta.get("og:title"));
        given.into_iter().any(|title| likeness(title, text) >= SAME)
    };
    let is_lesser = title.split(' ').count() >= MIN_TITLE_WORDS && lesser(&title, SAME);
    let is_site = |heading: &String| {
        let is_behind_archive = |rest: &str| {
            let headline = names.headline(rest);
            headline != rest && lesser(&headline, SURE_LIKENESS)
        };
        let is_apart = is_lesser && likeness(heading, &title) == 0.0;
        let is_named = site::rest_before(&title, heading)
            .is_some_and(|rest| lesser(rest, SURE_LIKENESS))
            || site::rest_behind(&title, heading)
                .is_some_and(|rest| is_given(rest) || is_behind_archive(rest))
            || names.is_host_heading(heading, &title);
        !is_given(heading) && (is_apart || is_named)
    };
    let headings = survey.headings.iter().map(|heading| tidy(&heading.text, MAX_TITLE_CHARS));
    headings.filter(is_site).collect()
}

/// Returns the first heading that matches a declared title, at least nearly. A heading in other
/// words counts if it is the only one and no two titles agree against it.
fn agreed_heading(headings: &[String], declared: &[String]) -> Option<String> {
    let same = |heading: &&String| declared.iter().any(|title| likeness(heading, title) >= SAME);
    let best = |heading: &String| {
        declared.iter().map(|title| likeness(heading, title)).fold(0.0, f64::max)
    };
    let near = || {
        let scored = headings.iter().map(|heading| (best(heading), heading));
        let best = scored.max_by(|one, other| one.0.total_cmp(&other.0))?;
        (best.0 >= MIN_LIKENESS).then_some(best.1)
    };
    let only = || headings.first().filter(|_| headings.len() == 1 && most_votes(declared) < 2);
    let heading = headings.iter().find(same).or_else(near).or_else(only)?;
    let shorter = declared.iter().find(|title| is_with_more(heading, title));
    Some(shorter.unwrap_or(heading).clone())
}

/// Returns true if a heading is a title with a kicker before it, or with a note or a date after it.
fn is_with_more(heading: &str, title: &str) -> bool {
    let is_long = title.split(' ').count() >= MIN_TITLE_WORDS && heading.len() > title.len();
    let is_note = |rest: &str| {
        rest.trim_start().starts_with(['(', '|']) || date_within(rest, Order::DayFirst).is_some()
    };
    is_long
        && (heading.strip_suffix(title).is_some_and(is_kicker)
            || heading.strip_prefix(title).is_some_and(is_note))
}

/// Returns true for words before a headline that are no part of it, unlike an article or a number.
fn is_kicker(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let is_date = || date_within(text, Order::DayFirst).is_some();
    text.ends_with([' ', ':']) && (letters >= MIN_KICKER_LETTERS || is_date())
}

fn most_votes(titles: &[String]) -> usize {
    titles.iter().map(|title| votes(title, titles)).max().unwrap_or_default()
}

fn votes(title: &str, titles: &[String]) -> usize {
    titles.iter().filter(|other| likeness(title, other) >= SAME).count()
}

/// Returns the title that most others equal, and the first of equals. A lesser heading that begins
/// the title is the headline; the rest is the site's name.
fn most_agreed(survey: &Survey, titles: &[String]) -> Option<String> {
    let title = titles.iter().rev().max_by_key(|title| votes(title, titles))?;
    let longer = titles.iter().find(|other| is_cut_at_quote(title, other));
    let headline = survey.subheadings.iter().map(|heading| heading.text.as_str()).find(|heading| {
        let rest = title.strip_prefix(*heading).unwrap_or_default();
        heading.split(' ').count() >= MIN_TITLE_WORDS && is_behind_headline(rest)
    });
    Some(headline.map_or_else(|| longer.unwrap_or(title).clone(), str::to_owned))
}

/// Returns true if an attribute ended at a quotation mark in the title.
fn is_cut_at_quote(cut: &str, title: &str) -> bool {
    let rest = title.strip_prefix(cut).unwrap_or_default();
    cut.split(' ').count() >= MIN_TITLE_WORDS && rest.trim_start().starts_with('"')
}
