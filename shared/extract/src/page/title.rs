//! The headline.

use courant_article::{Origin, Sourced};

use super::element::Place;
use super::shown::Heading;
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
/// Marks between a headline and the site's name.
const SEPARATORS: [&str; 18] = [
    " | ", " - ", " – ", " — ", " · ", " • ", " :: ", " » ", " « ", " / ", " |", " › ", " ‹ ",
    " > ", " : ", "ㅣ", "｜", "│",
];
/// The bar, and the characters that stand in for it.
const BARS: [&str; 5] = [" | ", " ㅣ ", " ｜ ", " │ ", " ǀ "];
/// The fewest characters of a headline. A shorter heading is a section's or a site's name.
const MIN_HEADING_CHARS: usize = 3;
/// The share of common words from which a heading and a title say the same.
const MIN_LIKENESS: f64 = 0.35;
/// The share of common words from which a lesser heading is the headline.
const SURE_LIKENESS: f64 = 0.8;
/// The fewest words of a title that is looked for in a longer one. Shorter titles may be part of it
/// by chance.
const MIN_TITLE_WORDS: usize = 4;

/// Returns the article's headline without the site's name. It is the heading that readers see if
/// the page's own titles agree with it, else the title on which most of them agree.
pub(super) fn title(survey: &Survey, structured: &Structured, sites: &[String]) -> Sourced<String> {
    let sites: Vec<String> = sites.iter().cloned().chain(site_headings(survey)).collect();
    let sites = sites.as_slice();
    let clean = |text: &str| without_site(&tidy(text, MAX_TITLE_CHARS), sites);
    let meta = TITLE_META.iter().filter_map(|name| survey.meta.get(name));
    let declared: Vec<String> = structured
        .headline
        .as_deref()
        .into_iter()
        .chain(meta)
        .chain(survey.title.as_deref())
        .map(clean)
        .filter(|title| !title.is_empty() && !is_site(title, sites))
        .collect();
    let headings = headings(survey, sites);
    let agreed = agreed_heading(&headings, &declared).or_else(|| most_agreed(&declared));
    let of = |origin: Origin| move |value: String| Sourced { value, origin };
    agreed
        .map(of(if declared.is_empty() { Origin::Shown } else { Origin::Declared }))
        .or_else(|| headings.into_iter().next().map(of(Origin::Shown)))
        .or_else(|| {
            survey
                .title
                .as_deref()
                .map(|title| tidy(title, MAX_TITLE_CHARS))
                .map(of(Origin::Guessed))
        })
        .unwrap_or_else(|| of(Origin::Guessed)(String::new()))
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

/// Returns the headings of the article, or those of margins if there are no others.
fn headings(survey: &Survey, sites: &[String]) -> Vec<String> {
    let read = |is_margin: bool| -> Vec<String> {
        let headings =
            survey.headings.iter().filter(|heading| heading.place.is_margin == is_margin);
        let texts = headings.map(|heading| tidy(&heading.text, MAX_TITLE_CHARS));
        texts
            .filter(|text| text.chars().count() >= MIN_HEADING_CHARS && !is_site(text, sites))
            .collect()
    };
    Some(read(false)).filter(|found| !found.is_empty()).unwrap_or_else(|| read(true))
}

/// Returns the headings that are the site's name. They stand at the end of the title, and a lesser
/// heading is the rest of it, as in `Bridge to be repaired - Ann's Blog`.
fn site_headings(survey: &Survey) -> impl Iterator<Item = String> {
    let title = tidy(survey.title.as_deref().unwrap_or_default(), MAX_TITLE_CHARS);
    let parts = SEPARATORS.iter().filter_map(|mark| title.rsplit_once(mark));
    let names = parts.filter(|(rest, _)| {
        survey.subheadings.iter().any(|heading| likeness(&heading.text, rest) >= SURE_LIKENESS)
    });
    let names: Vec<String> = names.map(|(_, name)| name.trim().to_owned()).collect();
    let headings = survey.headings.iter().map(|heading| tidy(&heading.text, MAX_TITLE_CHARS));
    headings.filter(move |heading| names.contains(heading))
}

/// Returns the first heading that matches a declared title, at least nearly. A heading in other
/// words counts if it is the only one and no two titles agree against it.
fn agreed_heading(headings: &[String], declared: &[String]) -> Option<String> {
    let same = |heading: &&String| declared.iter().any(|title| likeness(heading, title) >= 0.99);
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
        && (heading
            .strip_suffix(title)
            .is_some_and(|kicker| kicker.ends_with(' ') || kicker.ends_with(':'))
            || heading.strip_prefix(title).is_some_and(is_note))
}

fn most_votes(titles: &[String]) -> usize {
    titles.iter().map(|title| votes(title, titles)).max().unwrap_or_default()
}

fn votes(title: &str, titles: &[String]) -> usize {
    titles.iter().filter(|other| likeness(title, other) >= 0.99).count()
}

/// Returns the title that most others equal, and the first of equals.
fn most_agreed(titles: &[String]) -> Option<String> {
    titles.iter().rev().max_by_key(|title| votes(title, titles)).cloned()
}

/// Returns the share of words that two titles have in common, 0 to 1.
pub(super) fn likeness(one: &str, other: &str) -> f64 {
    let (mut one, mut other) = (words(one), words(other));
    one.sort_unstable();
    other.sort_unstable();
    let (mut common, mut at) = (0, 0);
    for word in &one {
        while at < other.len() && other[at] < *word {
            at += 1;
        }
        if other.get(at) == Some(word) {
            common += 1;
            at += 1;
        }
    }
    let all = one.len() + other.len();
    if all == 0 { 0.0 } else { 2.0 * f64::from(common) / all as f64 }
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Returns the title without names of the site at its ends.
fn without_site(title: &str, sites: &[String]) -> String {
    let mut title = title.trim();
    loop {
        let marks = || SEPARATORS.iter().chain(&[": "]);
        let behind = marks()
            .filter_map(|mark| title.rsplit_once(*mark))
            .filter(|parts| is_site(parts.1, sites))
            .min_by_key(|parts| parts.1.len());
        let before = marks()
            .filter_map(|mark| title.split_once(*mark))
            .filter(|parts| is_site(parts.0, sites))
            .min_by_key(|parts| parts.0.len());
        let bar = BARS
            .iter()
            .filter_map(|bar| title.rsplit_once(bar))
            .find(|parts| parts.0.split(' ').count() >= 3);
        title = match (behind, before) {
            (Some((headline, _)), _) => headline.trim(),
            (_, Some((_, headline))) => headline.trim(),
            _ if bar.is_some() => bar.map_or(title, |parts| parts.0.trim()), // a section or a slogan
            _ => return title.to_owned(),
        };
    }
}

/// Returns true if a text is the site's name, apart from case, spaces, "The" and a domain's ending.
pub(super) fn is_site(text: &str, sites: &[String]) -> bool {
    let name = plain(text);
    name.is_empty() || sites.iter().any(|site| plain(site) == name)
}

fn plain(name: &str) -> String {
    let name = name.trim().to_lowercase();
    let name = name.strip_prefix("www.").unwrap_or(&name);
    let name = name.strip_prefix("the ").unwrap_or(name);
    let is_domain = name.contains('.') && !name.contains(' ');
    let name = if is_domain { name.split('.').next().unwrap_or(name) } else { name };
    name.chars().filter(|c| c.is_alphanumeric()).collect()
}
