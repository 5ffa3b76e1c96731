//! Compare: a query in several outlets, over time, with their silences and their words.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::http::Uri;
use axum::response::Response;
use courant_api::Problem;
use courant_api::counts::CountAnswer;
use courant_api::words::WordsAnswer;
use futures::future::join_all;
use futures::join;
use jiff::civil::Date;

use crate::ask::{Archive, with_query};
use crate::card::{Link, site_path};
use crate::choice::{Chip, Choice};
use crate::page::{Screen, Shell, answer};
use crate::reader::Reader;

/// The most outlets and days of the table.
const OUTLETS: usize = 8;
const DAYS: usize = 21;
/// The most silent outlets that are named.
const SILENT: usize = 12;
const WORDS: &str = "8";
/// The steps of colour in the table, beside that for none.
const STEPS: u64 = 4;

#[derive(Template)]
#[template(path = "compare.html")]
struct Page<'a> {
    shell: Shell,
    choice: &'a Choice,
    sites: String,
    chips: Vec<Chip>,
    fault: Option<String>,
    comparison: Option<Comparison>,
}

struct Comparison {
    total: u64,
    days: Vec<Day>,
    rows: Vec<Row>,
    silent: Vec<Link>,
}

struct Day {
    name: String,
    short: String,
}

struct Row {
    outlet: Link,
    articles: u64,
    cells: Vec<Cell>,
    words: Vec<Link>,
}

struct Cell {
    count: u64,
    /// 0 for none, up to `STEPS`.
    step: u64,
    href: String,
    label: String,
}

/// Shows the form, and the comparison that it asks for.
pub(crate) async fn show(archive: Archive, reader: Reader, uri: Uri) -> Response {
    let choice = Choice::of(&uri, &[]);
    let outcome = if choice.is_all() {
        Ok(None)
    } else {
        Box::pin(compare(&archive, &reader, &choice)).await.map(Some)
    };
    let (comparison, fault) = match outcome {
        Ok(comparison) => (comparison, None),
        Err(problem) => (None, Some(problem.detail)),
    };
    answer(&Page {
        shell: Shell::new(&reader, Screen::Compare, reader.texts.say("tab-compare")),
        sites: choice.filter("site").unwrap_or_default().to_owned(),
        chips: choice.without("site").chips(),
        fault,
        comparison,
        choice: &choice,
    })
}

async fn compare(
    archive: &Archive,
    reader: &Reader,
    choice: &Choice,
) -> Result<Comparison, Problem> {
    let mut params = choice.params();
    let outlets = OUTLETS.to_string();
    params.extend([("interval", "day"), ("by", "site"), ("facets", "site"), ("limit", &outlets)]);
    // All that the outlets published under the same filters, whatever its subject.
    let in_all = choice.of_any_words();
    let mut of_all = in_all.params();
    of_all.extend([("facets", "site"), ("limit", "100")]);
    let (counted, in_all) = join!(
        archive.get::<CountAnswer>("/v1/counts", &params),
        archive.get::<CountAnswer>("/v1/counts", &of_all),
    );
    let (counted, in_all) = (counted?, in_all?);
    let days = days(&counted);
    let sites = sites(&counted);
    let most = counted.series.iter().flat_map(|period| &period.values).map(|v| v.count).max();
    let rows = sites.iter().map(async |(site, articles)| {
        let choice = choice.and("site", site);
        let mut params = choice.params();
        params.push(("limit", WORDS));
        let words: WordsAnswer = archive.get("/v1/words", &params).await?;
        Ok::<_, Problem>(Row {
            outlet: Link { href: site_path(site), text: site.clone() },
            articles: *articles,
            cells: cells(&counted, site, &days, most.unwrap_or(1), &choice, reader),
            words: words.words.into_iter().map(|word| word_link(&word.word, &choice)).collect(),
        })
    });
    let rows = join_all(rows).await.into_iter().collect::<Result<Vec<Row>, _>>()?;
    Ok(Comparison {
        total: counted.total,
        silent: silent(&in_all, &counted),
        days: days.iter().map(|day| named(*day, reader)).collect(),
        rows,
    })
}

fn sites(counted: &CountAnswer) -> Vec<(String, u64)> {
    let values =
        counted.facets.get("site").map(|facet| facet.values.as_slice()).unwrap_or_default();
    values.iter().map(|value| (value.value.clone(), value.count)).collect()
}

/// The latest days with articles, with those between them.
fn days(counted: &CountAnswer) -> Vec<Date> {
    let day = |start: &String| start.get(..10)?.parse::<Date>().ok();
    let known: BTreeSet<Date> =
        counted.series.iter().filter_map(|period| day(&period.start)).collect();
    let (Some(first), Some(last)) = (known.first(), known.last()) else { return Vec::new() };
    let mut days = vec![*last];
    while days.len() < DAYS {
        let Some(before) = days.last().and_then(|day| day.yesterday().ok()) else { break };
        if before < *first {
            break;
        }
        days.push(before);
    }
    days.reverse();
    days
}

fn cells(
    counted: &CountAnswer,
    site: &str,
    days: &[Date],
    most: u64,
    choice: &Choice,
    reader: &Reader,
) -> Vec<Cell> {
    let mut by_day: BTreeMap<String, u64> = BTreeMap::new();
    for period in &counted.series {
        let count = period.values.iter().find(|value| value.value == site).map_or(0, |v| v.count);
        by_day.insert(period.start.chars().take(10).collect(), count);
    }
    let cell = |day: &Date| {
        let count = by_day.get(&day.to_string()).copied().unwrap_or(0);
        let articles = reader.texts.count("articles", &count);
        Cell {
            count,
            step: (count * STEPS).div_ceil(most.max(1)),
            href: choice.and("date", &day.to_string()).at("/search"),
            label: format!("{site}, {}: {articles}", reader.calendar.date(*day)),
        }
    };
    days.iter().map(cell).collect()
}

fn named(day: Date, reader: &Reader) -> Day {
    Day { name: reader.calendar.date(day), short: day.day().to_string() }
}

fn word_link(word: &str, choice: &Choice) -> Link {
    let query = format!("{} {}", choice.query, crate::choice::quoted(word));
    let site = choice.filter("site").unwrap_or_default();
    let href = with_query("/search", &[("q", query.trim()), ("site", site)]);
    Link { href, text: crate::plain::line(word) }
}

/// Outlets that publish, and have nothing on the subject.
fn silent(in_all: &CountAnswer, counted: &CountAnswer) -> Vec<Link> {
    let speaking: Vec<String> = counted
        .series
        .iter()
        .flat_map(|period| period.values.iter().map(|value| value.value.clone()))
        .chain(sites(counted).into_iter().map(|(site, _)| site))
        .collect();
    let silent = sites(in_all).into_iter().filter(|(site, _)| !speaking.contains(site));
    silent.take(SILENT).map(|(site, _)| Link { href: site_path(&site), text: site }).collect()
}
