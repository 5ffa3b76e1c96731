//! Search: one box with the query language, and all that narrows its answer.

use askama::Template;
use axum::http::Uri;
use axum::response::Response;
use courant_api::Problem;
use courant_api::counts::CountAnswer;
use courant_api::search::SearchAnswer;
use futures::join;

use crate::ask::Archive;
use crate::card::{Card, Link};
use crate::chart::{Chart, Period};
use crate::choice::{Chip, Choice};
use crate::facets::{FacetList, facets};
use crate::page::{Screen, Shell, answer};
use crate::reader::Reader;

const SHOWN: &str = "20";
const FACETS: &str = "topic,name,site,language,sentiment,decision";
const FACET_VALUES: &str = "7";
/// The orders of the results.
const SORTS: [&str; 3] = ["relevance", "newest", "oldest"];

#[derive(Template)]
#[template(path = "search.html")]
struct Page<'a> {
    shell: Shell,
    choice: &'a Choice,
    chips: Vec<Chip>,
    /// The orders to choose from; the one without an address is on.
    sorts: Vec<Link>,
    /// The fault of the query.
    fault: Option<String>,
    answer: Option<Answer>,
    from: &'a str,
    until: &'a str,
}

struct Answer {
    total: u64,
    degraded: Option<String>,
    relaxed: bool,
    cards: Vec<Card>,
    chart: Option<Chart>,
    facets: Vec<FacetList>,
    next: Option<String>,
    feed: String,
    json: String,
    not_indexed_yet: Option<u64>,
}

/// Shows the box, and the answer to what is in it.
pub(crate) async fn show(archive: Archive, reader: Reader, uri: Uri) -> Response {
    let choice = Choice::of(&uri, &["sort", "cursor", "from", "until"]);
    let asked = dated(&choice);
    let outcome = if asked.is_all() {
        Ok(None)
    } else {
        Box::pin(ask(&archive, &reader, &asked)).await.map(Some)
    };
    let (answer, fault) = match outcome {
        Ok(answer) => (answer, None),
        Err(problem) => (None, Some(problem.detail)),
    };
    page(&reader, &asked, answer, fault)
}

/// The choice with the two dates of the form as one filter.
fn dated(choice: &Choice) -> Choice {
    let (from, until) = (choice.other("from"), choice.other("until"));
    let dated = match (from, until) {
        (None, None) => return choice.clone(),
        (from, until) => {
            let range = format!("{}..{}", from.unwrap_or_default(), until.unwrap_or_default());
            choice.and("date", &range)
        }
    };
    dated.dropping("from").dropping("until")
}

fn page(
    reader: &Reader,
    choice: &Choice,
    answered: Option<Answer>,
    fault: Option<String>,
) -> Response {
    let title = match choice.query.as_str() {
        "" => reader.texts.say("tab-search"),
        query => reader.texts.with("search-title", query),
    };
    let on = choice.other("sort").unwrap_or(if choice.query.is_empty() {
        "newest"
    } else {
        "relevance"
    });
    let first_page = choice.dropping("cursor");
    let sorts = SORTS.iter().filter(|sort| **sort != "relevance" || !choice.query.is_empty());
    let sort = |sort: &&'static str| Link {
        text: reader.texts.word("sort", sort),
        href: if *sort == on { String::new() } else { first_page.keeping("sort", sort).href() },
    };
    let range = choice.filter("date").and_then(|date| date.split_once("..")).unwrap_or_default();
    let is_day = |text: &&str| text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok();
    answer(&Page {
        shell: Shell::new(reader, Screen::Search, title),
        chips: choice.chips(),
        sorts: sorts.map(sort).collect(),
        fault,
        answer: answered,
        from: Some(range.0).filter(is_day).unwrap_or_default(),
        until: Some(range.1).filter(is_day).unwrap_or_default(),
        choice,
    })
}

async fn ask(archive: &Archive, reader: &Reader, choice: &Choice) -> Result<Answer, Problem> {
    let mut params = choice.params();
    params.extend([("limit", SHOWN), ("explain", "true")]);
    let others = ["sort", "cursor"].into_iter();
    params.extend(others.filter_map(|name| Some((name, choice.other(name)?))));
    let mut counting = choice.params();
    counting.extend([("facets", FACETS), ("limit", FACET_VALUES), ("interval", "day")]);
    let (found, counted) = join!(
        archive.get::<SearchAnswer>("/v1/search", &params),
        archive.get::<CountAnswer>("/v1/counts", &counting),
    );
    let (found, counted) = (found?, counted?);
    let choice = &choice.dropping("cursor");
    Ok(Answer {
        total: found.total,
        degraded: found.degraded,
        relaxed: found.relaxed,
        cards: found.hits.iter().map(|hit| Card::of(hit, &choice.query, reader)).collect(),
        chart: Chart::of(&counted.series, Period::Day, choice, &reader.calendar),
        facets: facets(&counted, FACETS, choice, reader),
        next: found.cursor.map(|cursor| choice.keeping("cursor", &cursor).href()),
        feed: choice.dropping("sort").at("/v1/feed"),
        json: choice.at("/v1/search"),
        not_indexed_yet: found.not_indexed_yet,
    })
}
